import ipaddr from 'ipaddr.js';
import type { EchoAnswer } from '#lib/echo-answer.ts';

/** What the echo endpoint sees of a request that takes no proxy. */
export type DirectSight = Pick<EchoAnswer, 'address' | 'headers'>;

/** Shown in the list of leaks where a site can see this machine's own address. */
const OWN_ADDRESS = 'own address';

/**
 * What gives a proxy away: headers that a direct request does not have, and our own address wherever it stands. The dashboard's
 * own front (a reverse proxy, the framework) adds headers too: to every request, so they tell nothing.
 * @param direct null when no direct request came through.
 */
export function findHeaderLeaks(answer: EchoAnswer, direct: DirectSight | null): string[] {
  const leaks = Object.entries(answer.headers)
    .filter(([name, value]) => countEntries(value) > expectedEntries(name, direct))
    .map(([name]) => name);
  return isOwnAddressSeen(answer, direct) ? [...leaks, OWN_ADDRESS] : leaks;
}

/** The framework notes the peer in X-Forwarded-For when nobody has written one: one entry is never a leak. */
function expectedEntries(name: string, direct: DirectSight | null): number {
  const value = direct?.headers[name];
  if (value !== undefined) return countEntries(value);
  return name === 'x-forwarded-for' ? 1 : 0;
}

function countEntries(value: string): number {
  return value.split(',').length;
}

/** A loopback address is everybody's own and tells nothing. */
function isOwnAddressSeen(answer: EchoAnswer, direct: DirectSight | null): boolean {
  const own = direct?.address;
  if (own === undefined || !ipaddr.isValid(own) || ipaddr.process(own).range() === 'loopback') return false;
  return answer.address === own || Object.values(answer.headers).some((value) => value.includes(own));
}
