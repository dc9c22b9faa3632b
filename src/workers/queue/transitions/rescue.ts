import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { LOSSES_TO_QUARANTINE, retrySchedule } from '../retry-policy.ts';
import { type EndedAttempt, endAttempts, msFromNow, scheduledDelayMs } from './end-attempts.ts';
import { LOST_TOO_OFTEN } from './release-worker.ts';
import { notStarted } from './start-claim.ts';

/** SQL over s: nobody answers for it any more. */
const LEASE_GONE = `not exists (
  select from worker_instances w where w.worker_id = s.worker_id and w.lease_until > clock_timestamp())`;

/** SQL over s: claimed by a bot that did not start it in time. The claim's answer may never have reached it. */
const NOT_STARTED = `(s.timeout_at < clock_timestamp() and ${notStarted('s')} and exists (
  select from worker_instances w where w.worker_id = s.worker_id and w.kind = 'bot'))`;

const UNCHARGED = '(held.lost or held.not_started)';
const EXHAUSTED = `(not ${UNCHARGED} and held.retry_count >= held.max_retries)`;
const POISON = `(${UNCHARGED} and ${LOST_TOO_OFTEN})`;
const DELAY_MS = scheduledDelayMs('$2::int[]');

/**
 * Takes back sessions whose worker's lease has passed and those that a bot claimed and did not start (both not charged, claimable
 * at once), and those that ran past their time limit by more than a grace ($1 ms) although their worker lives (charged: it cannot
 * even stop them). Any number of rescuers may run at once: each row is taken by one, the others pass over it. What the old worker
 * still writes is stale.
 */
const RESCUE = endAttempts({
  held: `
  select s.*, ${LEASE_GONE} as lost, ${NOT_STARTED} as not_started from scraping_sessions s
  where s.status = 'running'
    and (${LEASE_GONE} or ${NOT_STARTED} or s.timeout_at < clock_timestamp() - make_interval(secs => $1::int / 1000.0))
  order by s.id limit 500 for no key update skip locked`,
  status: `case when ${POISON} or ${EXHAUSTED} then 'failed' else 'pending' end`,
  outcome: `case when ${UNCHARGED} then 'lost' else 'timed_out' end`,
  reason: `case
    when ${POISON} then 'Quarantined: ${LOSSES_TO_QUARANTINE} workers were lost while running it'
    when held.lost then 'Its worker was lost; ready to go on'
    when held.not_started then 'Its bot did not start it in time; ready to go on'
    when ${EXHAUSTED} then format('Failed after %s tries: it ran past its time limit', held.retry_count + 1)
    else format('Ran past its time limit, waiting for its next try in %s s', round(${DELAY_MS} / 1000.0)) end`,
  error: `case
    when ${POISON} then jsonb_build_object('code', 'quarantined', 'message', 'Its workers were lost again and again')
    when not ${UNCHARGED} then jsonb_build_object('code', 'session_timeout', 'message', 'It ran past its time limit') end`,
  wakeAt: `case when not ${UNCHARGED} then ${msFromNow(DELAY_MS)} end`,
  retryCount: `case when ${UNCHARGED} or ${EXHAUSTED} then held.retry_count else held.retry_count + 1 end`,
});

/** Returns the sessions that were taken back; at most 500 per call. */
export async function rescueSessions(db: Executor, timeoutGraceMs: number): Promise<EndedAttempt[]> {
  return await db.query<EndedAttempt & QueryRow>(RESCUE, [timeoutGraceMs, retrySchedule()]);
}
