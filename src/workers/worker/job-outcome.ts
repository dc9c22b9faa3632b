import type { StoredError } from '#lib/db/schema/scraping-sessions.ts';
import { AppError, type ErrorDisposition } from '#lib/errors.ts';
import { assertNever } from '#lib/invariant.ts';
import { toStoredError } from './stored-error.ts';

/** How one claimed session ends. Each kind has exactly one verb of the queue; `lost` has none: nothing is written. */
export type SessionOutcome =
  | { kind: 'completed' }
  | { kind: 'retry'; error: StoredError }
  | { kind: 'snoozed'; delayMs: number; reason: string }
  | { kind: 'interrupted'; reason: string }
  | { kind: 'cancelled' }
  | { kind: 'failed'; error: StoredError }
  | { kind: 'lost'; reason: string };

/** A snooze that names no time, and the bounds of one that does, in ms. */
const SNOOZE_DEFAULT_MS = 30_000;
const SNOOZE_MIN_MS = 1_000;
const SNOOZE_MAX_MS = 3_600_000;

/**
 * Decides what follows from the way a scrape ended.
 *
 * A session that was aborted ends by the reason of the abort, whatever the scraper threw on its way out. One that finished
 * all the same is completed (cancel or time-out came too late), except when its claim is gone: then nothing may be written.
 * @param error what the scraper threw; null when it returned.
 * @param abortReason why the session's signal was aborted; null when it was not.
 */
export function outcomeOf(error: unknown, abortReason: AppError | null): SessionOutcome {
  if (abortReason?.disposition === 'lost') return { kind: 'lost', reason: abortReason.message };
  if (error === null) return { kind: 'completed' };
  const decisive = abortReason ?? error;
  if (!(decisive instanceof AppError)) return { kind: 'retry', error: toStoredError(decisive) };
  return outcomeOfDisposition(decisive, decisive.disposition);
}

function outcomeOfDisposition(error: AppError, disposition: ErrorDisposition): SessionOutcome {
  switch (disposition) {
    case 'retry':
      return { kind: 'retry', error: toStoredError(error) };
    case 'snooze':
      return { kind: 'snoozed', delayMs: snoozeMs(error), reason: error.message };
    case 'interrupted':
      return { kind: 'interrupted', reason: error.message };
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'lost':
      return { kind: 'lost', reason: error.message };
    // A page that cannot be had, and that the scraper cannot do without: asking again changes nothing.
    case 'skip-page':
    case 'fail':
      return { kind: 'failed', error: toStoredError(error) };
    default:
      return assertNever(disposition);
  }
}

function snoozeMs(error: AppError): number {
  const asked = 'retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? error.retryAfterMs : Number.NaN;
  if (!Number.isFinite(asked)) return SNOOZE_DEFAULT_MS;
  return Math.min(SNOOZE_MAX_MS, Math.max(SNOOZE_MIN_MS, Math.ceil(asked)));
}
