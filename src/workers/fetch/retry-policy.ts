import type { ScraperConfig } from '#lib/scraper-config.ts';

type RetrySettings = Pick<ScraperConfig, 'maxRetries' | 'retryDelay' | 'retryBackoff'>;

/** Longest pause between two tries of one page. */
const DELAY_MAX_MS = 300_000;

/** Throttled answers that one page may wait out in place, before its session steps back. */
const THROTTLES_MAX = 5;

/** Longest back-off of a host that is waited out in place. */
const THROTTLE_WAIT_MAX_MS = 15_000;

/**
 * How long to wait before the next try, or null when the tries are used up.
 * The n-th pause is retryDelay × retryBackoff^(n−1), with up to a quarter more so that sessions do not march in step.
 * @param tries made so far, the first included.
 */
export function retryDelayMs(tries: number, config: RetrySettings, random = Math.random): number | null {
  if (tries > config.maxRetries) return null;
  const delayMs = config.retryDelay * config.retryBackoff ** (tries - 1) * (1 + random() / 4);
  return Math.min(DELAY_MAX_MS, Math.round(delayMs));
}

/** Whether a back-off of this length is waited out in place; else the session sleeps. */
export function waitsInPlace(backoffMs: number, throttles: number): boolean {
  return backoffMs <= THROTTLE_WAIT_MAX_MS && throttles <= THROTTLES_MAX;
}
