import type { Executor } from '#lib/db/create-db.ts';
import { storableText } from '../storable-json.ts';

export interface WorkerEnd {
  status: 'stopped' | 'crashed';
  reason: string;
}

/**
 * Says that a worker is no more. Its lease ends with it, so it can claim nothing from here on, and rescue takes what a claim
 * in flight may still bring it. The first reason is kept.
 */
const DEREGISTER_WORKER = `
update worker_instances set
  status = $2::text, stop_reason = $3::text, stopped_at = clock_timestamp(),
  lease_until = least(lease_until, clock_timestamp()), active_sessions = 0, current_job_id = null
where worker_id = $1::text and status not in ('stopped', 'crashed')`;

export async function deregisterWorker(db: Executor, workerId: string, end: WorkerEnd): Promise<void> {
  await db.query(DEREGISTER_WORKER, [workerId, end.status, storableText(end.reason, 500)]);
}
