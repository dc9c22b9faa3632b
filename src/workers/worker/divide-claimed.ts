import { mustRunAlone } from '../queue/retry-policy.ts';

/** What a worker does with what it has claimed. */
export interface DividedClaim<T> {
  start: T[];
  /** Goes back at once, uncharged, for other workers to take. */
  handBack: T[];
}

/**
 * Everything starts, unless something of it must run alone: then only the first such session does. The others would hold it up, or
 * would stand in its worker unstarted for as long as it runs.
 */
export function divideClaimed<T extends { crashCount: number }>(claimed: readonly T[]): DividedClaim<T> {
  const alone = claimed.find(mustRunAlone);
  if (!alone) return { start: [...claimed], handBack: [] };
  return { start: [alone], handBack: claimed.filter((session) => session !== alone) };
}
