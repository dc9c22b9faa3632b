/** How the next batch is pruned. */
export interface PrunePace {
  /** Rows of the next batch. */
  rows: number;
  /** Rest before it. */
  pauseMs: number;
}

/** Few, since a session may have thousands of log lines, requests and sightings. */
export const FIRST_ROWS = 100;
const ROWS_MAX = 1_000;
/** A batch that takes longer than this becomes smaller, one that takes less than a quarter of it larger. */
const BATCH_MS = 200;
const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 1_000;

/** A batch takes milliseconds, and between two of them the database has as long for others as the last one took. */
export function paceAfter(rows: number, tookMs: number): PrunePace {
  const pauseMs = Math.min(Math.max(tookMs, PAUSE_MIN_MS), PAUSE_MAX_MS);
  if (tookMs > BATCH_MS) return { rows: Math.max(1, Math.floor(rows / 2)), pauseMs };
  return { rows: tookMs < BATCH_MS / 4 ? Math.min(ROWS_MAX, rows * 2) : rows, pauseMs };
}

/** After a batch that ran into the time limit of a statement: much less at once; null when one row is too much. */
export function paceAfterTimeout(rows: number): PrunePace | null {
  return rows === 1 ? null : { rows: Math.max(1, Math.floor(rows / 8)), pauseMs: PAUSE_MAX_MS };
}
