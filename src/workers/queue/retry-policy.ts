/** Nominal waits before the 1st, 2nd, 3rd … further try of a session: 30, 60, 120, 240, then always 300 s. */
const BASE_MS = 30_000;
const CAP_MS = 300_000;
/** ±10 %, so that sessions which failed together do not come back together. */
const JITTER = 0.1;

/** The first retry whose nominal wait is the cap; later ones wait no longer. */
const LAST_DISTINCT_RETRY = 5;

/** A session whose worker process died this often, with no checkpoint in between, is poison and stays away. */
export const CRASHES_TO_QUARANTINE = 3;

/** Whether the next charged death quarantines it. It runs alone in its process, so that this death is certainly its own. */
export function mustRunAlone({ crashCount }: { crashCount: number }): boolean {
  return crashCount + 1 >= CRASHES_TO_QUARANTINE;
}

/**
 * Kills from outside and lost leases say nothing about the session, so they are not charged. This many of them end it all
 * the same: otherwise a session for whose memory the kernel kills the whole container, manager included, would come back for ever.
 */
export const LOSSES_TO_QUARANTINE = 50;

/**
 * The wait in ms before try number `retry` + 1, so `retry` counts from 1.
 * `random` gives 0 ≤ x < 1. Never more than 300 s, never less than 90 % of the nominal wait.
 */
export function retryDelayMs(retry: number, random: () => number = Math.random): number {
  const nominalMs = Math.min(CAP_MS, BASE_MS * 2 ** Math.max(0, retry - 1));
  return Math.min(CAP_MS, Math.round(nominalMs * (1 - JITTER + 2 * JITTER * random())));
}

/**
 * One delay in ms per distinct retry, for a statement that reads the retry count of a row itself:
 * `delays[least(retry_count + 1, array_length)]`.
 */
export function retrySchedule(random: () => number = Math.random): number[] {
  return Array.from({ length: LAST_DISTINCT_RETRY }, (_, index) => retryDelayMs(index + 1, random));
}
