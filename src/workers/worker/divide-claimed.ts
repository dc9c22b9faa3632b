import { mustRunAlone } from '../queue/retry-policy.ts';

/** What a worker does with what it has claimed. */
export interface DividedClaim<T> {
  start: T[];
  /** Goes back at once, uncharged, for other workers to take. */
  handBack: T[];
}

/**
 * As many start as there are slots, unless something must run alone: then only the first such session does. The others would hold it
 * up, or would stand in its worker unstarted for as long as it runs. More than there are slots come when the answer to an earlier
 * claim was lost.
 */
export function divideClaimed<T extends { crashCount: number }>(claimed: readonly T[], slots: number): DividedClaim<T> {
  const alone = claimed.find(mustRunAlone);
  if (!alone) return { start: claimed.slice(0, slots), handBack: claimed.slice(slots) };
  return { start: [alone], handBack: claimed.filter((session) => session !== alone) };
}
