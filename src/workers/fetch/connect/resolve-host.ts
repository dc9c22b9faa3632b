import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { FetchFailureError } from '../http-outcome.ts';

/** All addresses of a name, in the order in which they should be tried. */
export type ResolveHost = (hostname: string) => Promise<LookupAddress[]>;

const DNS_TIMEOUT_MS = 5_000;

/**
 * The system's resolver occupies one of libuv's four threads per name until it gives up, and files and decompression need
 * the same threads. So one thread is always left to them, and everybody who asks for one name shares one answer.
 */
const LOOKUPS_MAX = 3;

const asked = new Map<string, Promise<LookupAddress[]>>();
const waiting: (() => void)[] = [];
let running = 0;

/** Asks the resolver of the operating system. */
export function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  const known = asked.get(hostname);
  if (known) return known;
  const answer = askSystem(hostname).finally(() => asked.delete(hostname));
  asked.set(hostname, answer);
  return answer;
}

async function askSystem(hostname: string): Promise<LookupAddress[]> {
  if (running >= LOOKUPS_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await new Promise((resolve, reject) => {
      lookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
    });
  } finally {
    // A waiting one takes over the place, so the count stays.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/**
 * The addresses of a host; an address is its own.
 * @throws FetchFailureError 'dns-unavailable' when the answer takes longer than 5 s, or the resolver's own error.
 */
export async function resolveInTime(resolve: ResolveHost, hostname: string): Promise<LookupAddress[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(dnsSilent(hostname));
  }, DNS_TIMEOUT_MS);
  try {
    return await Promise.race([resolve(hostname), late]);
  } finally {
    clearTimeout(timer);
  }
}

export function dnsSilent(hostname: string): FetchFailureError {
  return new FetchFailureError('dns-unavailable', `DNS did not answer for "${hostname}" in time`);
}
