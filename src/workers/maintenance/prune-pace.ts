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
/** Half as many rows that take more than this part of the time. */
const AS_LONG = 0.8;
const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 1_000;

/** A batch that was pruned. */
export interface TimedBatch {
  rows: number;
  tookMs: number;
}

/**
 * A batch takes milliseconds, and between two of them the database has as long for others as the last one took. A slow one is
 * followed by a smaller one, as long as that helps: what takes its time however few rows it deletes deletes many.
 */
export function paceAfter({ rows, tookMs }: TimedBatch, before: TimedBatch | null = null): PrunePace {
  const pauseMs = Math.min(Math.max(tookMs, PAUSE_MIN_MS), PAUSE_MAX_MS);
  const isSlow = tookMs > BATCH_MS && !(before && isInVain({ rows, tookMs }, before));
  if (isSlow) return { rows: Math.max(1, Math.floor(rows / 2)), pauseMs };
  const isInTime = tookMs >= BATCH_MS / 4 && tookMs <= BATCH_MS;
  return { rows: isInTime ? rows : Math.min(ROWS_MAX, rows * 2), pauseMs };
}

/** Of two batches the smaller one took about as long as the larger one. */
function isInVain(one: TimedBatch, other: TimedBatch): boolean {
  const [smaller, larger] = one.rows < other.rows ? [one, other] : [other, one];
  return smaller.rows < larger.rows && smaller.tookMs > larger.tookMs * AS_LONG;
}

/** After a batch that ran into the time limit of a statement: much less at once; null when one row is too much. */
export function paceAfterTimeout(rows: number): PrunePace | null {
  return rows === 1 ? null : { rows: Math.max(1, Math.floor(rows / 8)), pauseMs: PAUSE_MAX_MS };
}
