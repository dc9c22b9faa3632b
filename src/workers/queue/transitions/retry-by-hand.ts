import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { inLineOf } from './end-attempts.ts';

export type RetryByHandAnswer = 'pending' | 'not-finished' | 'not-found';

/**
 * Makes an ended session pending again with all its tries. A failed or cancelled one goes on from its last checkpoint; a
 * completed one starts over. What it found stays counted, since each lead counts once per session. Two callers at once:
 * one gets 'pending', the other 'not-finished'.
 */
const RETRY_BY_HAND = `
with target as materialized (
  select s.id, s.status from scraping_sessions s where s.id = $1::bigint for no key update),
moved as (
  update scraping_sessions s set
    status = 'pending', wake_at = ${inLineOf('s.host_key')}, started_at = null, completed_at = null, timeout_at = null, worker_id = null,
    retry_count = 0, crash_count = 0, forgiven_claims = s.claim_number, cancel_requested = false, error = null,
    status_reason = 'Started again by hand',
    cursor = case when t.status = 'completed' then null else s.cursor end,
    progress = case when t.status = 'completed' then null else s.progress end
  from target t where s.id = t.id and t.status in ('completed', 'failed', 'cancelled')
  returning s.id, s.host_key)
select case when moved.id is not null then 'pending' when target.id is not null then 'not-finished' else 'not-found' end as answer,
  moved.host_key as "hostKey"
from (select) as one left join target on true left join moved on true`;

export async function retryByHand(
  db: Executor,
  id: number,
): Promise<{ answer: RetryByHandAnswer; hostKey: string | null }> {
  const [row] = await db.query<{ answer: RetryByHandAnswer; hostKey: string | null } & QueryRow>(RETRY_BY_HAND, [id]);
  return row ?? { answer: 'not-found', hostKey: null };
}
