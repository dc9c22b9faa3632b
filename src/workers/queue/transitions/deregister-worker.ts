import type { Executor } from '#lib/db/create-db.ts';
import { storableText } from '../storable-json.ts';

export interface WorkerEnd {
  status: 'stopped' | 'crashed';
  reason: string;
  /** The process that ended; nothing is done to another one that bears its name by now. */
  pid?: number | undefined;
}

/**
 * Says that a worker is no more. Its lease ends with it, so it can claim nothing from here on, and rescue takes what a claim
 * in flight may still bring it. The first reason is kept.
 */
const DEREGISTER_WORKER = `
with ended as (
  update worker_instances set
    status = $2::text, stop_reason = $3::text, stopped_at = clock_timestamp(),
    lease_until = least(lease_until, clock_timestamp()), active_sessions = 0, current_job_id = null
  where worker_id = $1::text and status not in ('stopped', 'crashed') and pid = coalesce($4::int, pid))
select from worker_instances where worker_id = $1::text and pid <> $4::int`;

/** @returns false when another process has the name. */
export async function deregisterWorker(db: Executor, workerId: string, end: WorkerEnd): Promise<boolean> {
  const values = [workerId, end.status, storableText(end.reason, 500), end.pid ?? null];
  return (await db.query(DEREGISTER_WORKER, values)).length === 0;
}
