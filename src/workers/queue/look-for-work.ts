import type { Executor, QueryRow } from '#lib/db/create-db.ts';

export interface WorkLook {
  sources: readonly string[];
  nodeId: string;
  managerPid: number;
}

export interface WorkOutlook {
  isReady: boolean;
  dueInMs: number | null;
}

/**
 * Whether something waits for these sources that could be claimed now, or a worker of this manager runs something, and when else
 * the next waiting session may be claimed (null: none waits for its time). Reads the heads of indexes only.
 */
export async function lookForWork(db: Executor, { sources, nodeId, managerPid }: WorkLook): Promise<WorkOutlook> {
  const [row] = await db.query<WorkOutlook & QueryRow>(LOOK, [sources, nodeId, managerPid]);
  return { isReady: row?.isReady ?? false, dueInMs: row?.dueInMs ?? null };
}

/** One in the line of a host is due when the host may be asked; the line moves by itself then. */
const LOOK = `
with ready as (
  select from unnest($1::text[]) as src(source)
  cross join lateral (
    select from scraping_sessions s
    where s.status = 'pending' and s.wake_at is null and s.source = src.source
    order by (-s.priority), s.id limit 1) head limit 1),
running as (
  select from worker_instances w join scraping_sessions s on s.worker_id = w.worker_id and s.status = 'running'
  where w.node_id = $2 and w.manager_pid = $3 and w.status not in ('stopped', 'crashed') limit 1),
asleep as (
  select s.wake_at as due_at from scraping_sessions s
  where s.status = 'pending' and s.wake_at < 'infinity' and s.source = any($1)
  order by s.wake_at limit 1),
in_line as (
  select greatest(h.paused_until, h.backoff_until, h.next_at, clock_timestamp()) as due_at from host_pacing h
  where exists (
    select from scraping_sessions s
    where s.host_key = h.host_key and s.status = 'pending' and s.wake_at = 'infinity' and s.source = any($1))
  order by 1 limit 1),
due as (
  select extract(epoch from min(due_at) - clock_timestamp()) * 1000 as in_ms
  from (select due_at from asleep union all select due_at from in_line) as waiting)
select exists (select from ready) or exists (select from running) or coalesce(due.in_ms <= 0, false) as "isReady",
  case when due.in_ms is not null then greatest(due.in_ms, 0)::float8 end as "dueInMs" from due`;
