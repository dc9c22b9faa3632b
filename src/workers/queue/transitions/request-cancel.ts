import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/** 'cancelling': it runs, and its worker stops it; 'finished': it had ended before. */
export type CancelAnswer = 'cancelled' | 'cancelling' | 'finished' | 'not-found';

/**
 * Cancels a pending session at once and asks the worker of a running one to stop. Waits for the row's lock and decides by
 * what the row says then, so it cannot fall between a claim and its run. Asking again gives the same answer.
 */
const REQUEST_CANCEL = `
with target as materialized (
  select s.id, s.status from scraping_sessions s where s.id = $1::bigint for no key update),
moved as (
  update scraping_sessions s set
    status = case when t.status = 'pending' then 'cancelled' else s.status end,
    completed_at = case when t.status = 'pending' then clock_timestamp() else s.completed_at end,
    wake_at = null,
    cancel_requested = true,
    status_reason = case when t.status = 'pending' then 'Cancelled on request' else 'Stopping: a cancel was asked for' end
  from target t where s.id = t.id and t.status in ('pending', 'running')
  returning s.status)
select case when moved.status = 'cancelled' then 'cancelled' when moved.status = 'running' then 'cancelling'
  when target.id is not null then 'finished' else 'not-found' end as answer
from (select) as one left join target on true left join moved on true`;

export async function requestCancel(db: Executor, id: number): Promise<CancelAnswer> {
  const [row] = await db.query<{ answer: CancelAnswer } & QueryRow>(REQUEST_CANCEL, [id]);
  return row?.answer ?? 'not-found';
}
