/** Full jitter: anything from 0 to the exponential ceiling, so that many waiters spread out. Result in ms. */
export function jitteredBackoffMs(attempt: number, baseMs: number, capMs: number, random = Math.random): number {
  return Math.round(random() * backoffCeilingMs(attempt, baseMs, capMs));
}

/** base × 2^(attempt−1), at most `capMs`; attempt counts from 1. */
export function backoffCeilingMs(attempt: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.max(0, attempt - 1));
}
