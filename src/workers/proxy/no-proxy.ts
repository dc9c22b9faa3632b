import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { NoProxyError } from '#lib/errors.ts';

/** Short enough that work goes on within half a minute after a proxy has come back, the claim included. */
const RETRY_MS = 20_000;
/** A request ends soon. */
const BUSY_RETRY_MS = 2_000;

/** Why each proxy of the pool was not picked. */
export interface Shortage {
  hostKey: string;
  /** How many there are in each state; null when that could not be found out. */
  counts: Partial<Record<ProxyStatus, number>> | null;
  /** Of those in use: refused by this host, at their limit, tried already, of too high a tier, with a password we cannot read. */
  banned: number;
  busy: number;
  avoided: number;
  aboveTier: number;
  unreadable: number;
  /** Whether those that were never checked are out of the question. */
  checkedOnly: boolean;
  /** The setting without which this machine checks no proxies; null when it does. */
  missingForChecks: 'EKO_SECRET_KEY' | 'EKO_ECHO_URL' | null;
}

/** Says what there is and why none of it may be used. */
export function noProxyError(shortage: Shortage): NoProxyError {
  const retryAfterMs = shortage.busy > 0 ? BUSY_RETRY_MS : RETRY_MS;
  return new NoProxyError(
    `No proxy may be used for "${shortage.hostKey}" now: ${describe(shortage)}. The next look is in ${retryAfterMs / 1000} s`,
    retryAfterMs,
    { context: { ...shortage } },
  );
}

function describe(shortage: Shortage): string {
  const { counts } = shortage;
  const total = counts === null ? null : Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'the pool is empty; add proxies on /workers';
  const states = Object.entries(counts ?? {}).map(([status, count]) => `${count} ${status}`);
  const reasons = [
    [shortage.banned, 'refused by this site'],
    [shortage.busy, 'in full use'],
    [shortage.avoided, 'tried for this page already'],
    [shortage.aboveTier, 'of a higher tier than the source may use'],
    [shortage.unreadable, 'with a password that this machine cannot read (EKO_SECRET_KEY must be the same everywhere)'],
  ].flatMap(([count, reason]) => (count === 0 ? [] : [`${count} ${reason}`]));
  return [states.join(', '), ...reasons, ...hintOf(shortage)].filter((part) => part !== '').join('; ');
}

/** Testing proxies become active by checks. */
function hintOf({ counts, checkedOnly, missingForChecks }: Shortage): string[] {
  if (missingForChecks === null || !checkedOnly || (counts?.testing ?? 0) === 0) return [];
  return [`this machine checks none, since ${missingForChecks} is not set`];
}
