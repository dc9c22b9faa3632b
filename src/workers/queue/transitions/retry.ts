import type { Executor } from '#lib/db/create-db.ts';
import type { StoredError } from '#lib/db/schema/scraping-sessions.ts';
import { retrySchedule } from '../retry-policy.ts';
import { storableError } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import type { AttemptStats } from './complete.ts';
import {
  endAttempts,
  HELD_BY_CLAIM,
  type HostKeyOption,
  hostKeyParameters,
  msFromNow,
  nextHostKey,
  scheduledDelayMs,
} from './end-attempts.ts';
import { type SettledSession, settleOne } from './settle-one.ts';

export interface RetryOptions extends HostKeyOption {
  error: StoredError;
  /** Instead of the usual 30, 60, 120 … s. */
  delayMs?: number | undefined;
  stats?: AttemptStats | undefined;
}

const DELAY_MS = `coalesce($5::int, ${scheduledDelayMs('$6::int[]')})`;
const EXHAUSTED = 'held.retry_count >= held.max_retries';

/**
 * A try that failed and counts: back to pending after its delay, or failed when no retry is left. Read and written under
 * the row's lock, so a count can neither be lost nor charged twice.
 */
const RETRY = endAttempts({
  held: HELD_BY_CLAIM,
  status: `case when ${EXHAUSTED} then 'failed' else 'pending' end`,
  outcome: `case when $3::jsonb->>'code' = 'session_timeout' then 'timed_out' when ${EXHAUSTED} then 'failed' else 'retry' end`,
  reason: `case when ${EXHAUSTED}
    then format('Failed after %s tries: %s', held.retry_count + 1, $3::jsonb->>'message')
    else format('Try %s of %s failed, waiting for its next try in %s s: %s', held.retry_count + 1, held.max_retries + 1,
      round(${DELAY_MS} / 1000.0), $3::jsonb->>'message') end`,
  error: '$3::jsonb',
  wakeAt: msFromNow(DELAY_MS),
  stats: '$4::jsonb',
  hostKey: nextHostKey('$7', '$8'),
  retryCount: `case when ${EXHAUSTED} then held.retry_count else held.retry_count + 1 end`,
});

export function retrySession(db: Executor, claim: Claim, options: RetryOptions): Promise<SettledSession> {
  return settleOne(db, RETRY, claim, [
    storableError(options.error),
    options.stats ?? null,
    options.delayMs === undefined ? null : Math.round(options.delayMs),
    retrySchedule(),
    ...hostKeyParameters(options),
  ]);
}
