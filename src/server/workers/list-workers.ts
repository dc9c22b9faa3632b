import type { ApiWorker } from '#lib/api/worker.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { withIsoTimes } from '../with-iso-times.ts';

const WORKERS_MAX = 1_000;

/**
 * The worker processes of all machines, living ones first; bots have a list of their own. One whose lease has passed is shown as
 * crashed, whatever it last said of itself. Ended ones leave the list after an hour.
 */
export async function listWorkers(db: Executor): Promise<ApiWorker[]> {
  const rows = await db.query(LIST_WORKERS);
  return rows.map((row) => withIsoTimes<ApiWorker>(row));
}

const LIST_WORKERS = `
with seen as (
  select w.*, w.status not in ('stopped', 'crashed') as claims_life,
    w.lease_until >= clock_timestamp() as has_lease
  from worker_instances w
  where w.kind = 'process' and coalesce(w.stopped_at, w.lease_until) > clock_timestamp() - interval '1 hour')
select w.worker_id as "workerId", w.node_id as "nodeId", w.hostname, w.pid,
  case when w.claims_life and not w.has_lease then 'crashed' else w.status end as status,
  w.started_at as "startedAt", w.last_heartbeat as "lastHeartbeat",
  floor(extract(epoch from coalesce(w.stopped_at, case when w.has_lease then clock_timestamp() else w.last_heartbeat end) - w.started_at))::int
    as "uptimeSeconds",
  w.stopped_at as "stoppedAt",
  case when w.claims_life and not w.has_lease then 'No sign of life any more' else w.stop_reason end as "stopReason",
  w.current_job_id as "currentJob",
  coalesce((
    select jsonb_agg(jsonb_build_object('id', s.id, 'source', s.source, 'location', s.location) order by s.id)
    from scraping_sessions s where s.status = 'running' and s.worker_id = w.worker_id), '[]') as sessions,
  w.concurrency, w.jobs_processed as "jobsProcessed", w.jobs_succeeded as "jobsSucceeded", w.jobs_failed as "jobsFailed",
  w.memory_mb as "memoryMb", w.version
from seen w
order by (w.claims_life and w.has_lease) desc, w.node_id, w.worker_id
limit ${WORKERS_MAX}`;
