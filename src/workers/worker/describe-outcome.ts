import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import type { AppError } from '#lib/errors.ts';
import { assertNever } from '#lib/invariant.ts';
import type { SessionOutcome } from './job-outcome.ts';

/** A line of a session's log. */
export interface OutcomeLine {
  level: Exclude<LogLevel, 'debug'>;
  message: string;
  details?: Record<string, unknown>;
}

/** The line that a person who reads the session's log ends at. @param abortReason null when it was not aborted. */
export function describeOutcome(outcome: SessionOutcome, abortReason: AppError | null): OutcomeLine {
  switch (outcome.kind) {
    case 'completed':
      return { level: 'info', message: 'Completed' };
    case 'cancelled':
      return { level: 'info', message: abortReason?.message ?? 'Cancelled' };
    case 'snoozed':
      return { level: 'info', message: `Put off for ${Math.round(outcome.delayMs / 1_000)} s: ${outcome.reason}` };
    case 'interrupted':
      return { level: 'info', message: `Handed back: ${outcome.reason}` };
    case 'lost':
      return { level: 'warn', message: `Dropped: ${outcome.reason}` };
    case 'retry':
      return { level: 'warn', message: `This try failed: ${outcome.error.message}`, details: { ...outcome.error } };
    case 'failed':
      return { level: 'error', message: `Failed: ${outcome.error.message}`, details: { ...outcome.error } };
    default:
      return assertNever(outcome);
  }
}
