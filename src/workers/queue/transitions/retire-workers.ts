import type { Executor } from '#lib/db/create-db.ts';

/**
 * Marks workers whose lease has passed as crashed, for people to see. A manager that comes back learns from its next
 * heartbeat that they are lost.
 */
const RETIRE_WORKERS = `
update worker_instances set
  status = 'crashed', stopped_at = clock_timestamp(),
  stop_reason = case when kind = 'bot' then 'Down: no heartbeat within two minutes'
    else 'Lost: no sign of life from its manager' end,
  active_sessions = 0, current_job_id = null
where status in ('starting', 'idle', 'running', 'draining') and lease_until <= clock_timestamp()`;

export async function retireLostWorkers(db: Executor): Promise<void> {
  await db.query(RETIRE_WORKERS);
}
