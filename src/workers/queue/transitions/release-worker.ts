import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { CRASHES_TO_QUARANTINE, LOSSES_TO_QUARANTINE, retrySchedule } from '../retry-policy.ts';
import { type EndedAttempt, endAttempts, msFromNow, scheduledDelayMs } from './end-attempts.ts';

/**
 * How a worker process ended.
 * `crashed`: by itself (an exit code, abort, segmentation fault) or by the kernel for its memory: its sessions are charged.
 * `killed`: from outside (a SIGKILL, SIGTERM … that its manager did not send): says nothing about the sessions.
 * `stopped`: because we asked it to. `lost`: nobody knows; its place was taken by a new process of the same name.
 */
export type WorkerEndCause = 'crashed' | 'killed' | 'stopped' | 'lost';

export const CRASHED_SENTENCE = 'The worker process died while running it';

/** SQL over `held`: with the attempts lost without a fault of its own before, the one that ends now is one too many. */
export const LOST_TOO_OFTEN = `(select count(*) + 1 >= ${LOSSES_TO_QUARANTINE} from scraper_metrics m
  where m.session_id = held.id and m.outcome = 'lost' and (held.forgiven_claims is null or m.claim_number > held.forgiven_claims))`;

const ALONE = '(select count(*) = 1 from held)';
/** SQL over a session: one more death would quarantine it. See mustRunAlone. */
const lastDeath = (session: string): string => `${session}.crash_count + 1 >= ${CRASHES_TO_QUARANTINE}`;

/**
 * Of the sessions that a process took with it, one killed it, and nobody knows which: those that have died most often so far are
 * suspected, and the others are spared. Only what the process held alone is certainly to blame. A worker starts a session that is
 * one death from its quarantine only when it holds nothing else; one that died beside others had not begun, so it is spared too.
 */
const SUSPECTED = `($2::text = 'crashed' and (${ALONE} or (not ${lastDeath('held')}
  and held.crash_count >= (select max(h.crash_count) from held h where not ${lastDeath('h')}))))`;
/** A charge that would end the session needs certainty; without it the death counts only towards running alone. */
const CRASHED = `(${SUSPECTED} and (${ALONE} or held.retry_count < held.max_retries))`;
/** Those suspected of one death come back one after the other: a good one saves a page meanwhile, which clears it. */
const APART_MS = 10_000;
const DIED_TOO_OFTEN = `(${SUSPECTED} and ${lastDeath('held')})`;
/** Every death asks both limits: one that is suspected again and again while it saves pages reaches only that of losses. */
const POISON = `($2::text <> 'stopped' and (${DIED_TOO_OFTEN} or ${LOST_TOO_OFTEN}))`;
const EXHAUSTED = `(${CRASHED} and held.retry_count >= held.max_retries)`;
const DELAY_MS = `(${scheduledDelayMs('$3::int[]')} + ${APART_MS} * (select count(*) from held h where h.id < held.id))`;

/**
 * Takes back all sessions of a worker whose process is known to be gone. Crashed: those suspected are charged, after a delay, and
 * quarantined at the third death without a checkpoint in between, which they died alone. Otherwise claimable at once and not charged.
 * Sessions that the worker completed in its last moment are left alone: the lock is waited for and the state looked at again. So are those
 * of another process that has its name by now, also when that has claimed them while the lock was waited for.
 */
const RELEASE_WORKER = endAttempts({
  held: `
  with its as materialized (
    select id, claim_number from scraping_sessions
    where status = 'running' and worker_id = $1::text and not exists (
      select from worker_instances w where w.worker_id = $1::text and w.pid <> $4::int))
  select s.* from scraping_sessions s join its using (id, claim_number) where s.status = 'running'
  order by s.id for no key update of s`,
  status: `case when ${POISON} or ${EXHAUSTED} then 'failed' else 'pending' end`,
  outcome: `case when ${CRASHED} then 'crashed' when $2::text = 'stopped' then 'interrupted' else 'lost' end`,
  reason: `case
    when ${DIED_TOO_OFTEN} then 'Quarantined: ${CRASHES_TO_QUARANTINE} worker processes died while running it'
    when ${POISON} then 'Quarantined: ${LOSSES_TO_QUARANTINE} worker processes were lost while running it'
    when ${EXHAUSTED} then format('Failed after %s tries: ${CRASHED_SENTENCE}', held.retry_count + 1)
    when ${SUSPECTED} then format('${CRASHED_SENTENCE} (death %s of ${CRASHES_TO_QUARANTINE}), waiting for its next try in %s s',
      held.crash_count + 1, round(${DELAY_MS} / 1000.0))
    when $2::text = 'stopped' then 'Handed back: its worker stopped'
    when $2::text = 'crashed' then 'Its worker died, more likely of another session; ready to go on'
    else 'Its worker was killed; ready to go on' end`,
  error: `case
    when ${POISON} then jsonb_build_object('code', 'quarantined', 'message', '${CRASHED_SENTENCE}, again and again')
    when ${CRASHED} then jsonb_build_object('code', 'worker_crashed', 'message', '${CRASHED_SENTENCE}') end`,
  wakeAt: `case when ${SUSPECTED} then ${msFromNow(DELAY_MS)} end`,
  retryCount: `case when ${CRASHED} and not ${EXHAUSTED} then held.retry_count + 1 else held.retry_count end`,
  crashCount: `case when ${SUSPECTED} then held.crash_count + 1 else held.crash_count end`,
});

/** Returns the sessions that were taken back. @param pid only those of this process. */
export async function releaseWorkerSessions(
  db: Executor,
  workerId: string,
  cause: WorkerEndCause,
  pid: number | null = null,
): Promise<EndedAttempt[]> {
  await faultPoint('before_release');
  return await db.query<EndedAttempt & QueryRow>(RELEASE_WORKER, [workerId, cause, retrySchedule(), pid]);
}
