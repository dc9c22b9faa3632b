import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { WorkerStatus } from '#lib/db/schema/vocabulary.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { programFits } from './refuse-old-program.ts';

/** What a manager says of one of its workers. */
export interface WorkerBeat {
  workerId: string;
  status: Exclude<WorkerStatus, 'stopped' | 'crashed'>;
  activeSessions: number;
  /** The session it has run longest. */
  currentJobId?: number | null | undefined;
  jobsProcessed: number;
  jobsSucceeded: number;
  jobsFailed: number;
  memoryMb?: number | null | undefined;
}

/** A claim whose worker must stop it. */
export interface AbortOrder {
  sessionId: number;
  claimNumber: number;
  workerId: string;
  why: 'cancelled' | 'timeout';
}

export interface HeartbeatAnswer {
  /**
   * Workers whose lease had passed, that are gone from the table, or whose program is too old for the schema. Not renewed: their
   * sessions belong to others.
   */
  lost: string[];
  abort: AbortOrder[];
}

/**
 * The heartbeat of a manager for all its workers, and the way back for orders, in one round trip. A lease that has passed
 * is never renewed: whether this statement or rescue comes first, exactly one of them gets its way, since both look at the
 * locked row.
 */
const RENEW_LEASES = `
with beat as materialized (
  select * from jsonb_to_recordset($1::jsonb) as b("workerId" text, "status" text, "activeSessions" int, "currentJobId" bigint,
    "jobsProcessed" int, "jobsSucceeded" int, "jobsFailed" int, "memoryMb" int)),
renewed as (
  update worker_instances w set
    last_heartbeat = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => $2::int / 1000.0),
    status = b."status", active_sessions = b."activeSessions", current_job_id = b."currentJobId",
    jobs_processed = b."jobsProcessed", jobs_succeeded = b."jobsSucceeded", jobs_failed = b."jobsFailed",
    memory_mb = coalesce(b."memoryMb", w.memory_mb)
  from beat b where w.worker_id = b."workerId" and w.lease_until > clock_timestamp() and ${programFits('$3')}
  returning w.worker_id)
select
  (select coalesce(jsonb_agg(b."workerId"), '[]') from beat b
   where b."workerId" not in (select worker_id from renewed)) as lost,
  (select coalesce(jsonb_agg(jsonb_build_object('sessionId', s.id, 'claimNumber', s.claim_number, 'workerId', s.worker_id,
     'why', case when s.cancel_requested then 'cancelled' else 'timeout' end)), '[]')
   from scraping_sessions s
   where s.status = 'running' and s.worker_id in (select "workerId" from beat)
     and (s.cancel_requested or s.timeout_at < clock_timestamp())) as abort`;

export async function renewLeases(
  db: Executor,
  beats: readonly WorkerBeat[],
  leaseMs: number,
  program: number,
): Promise<HeartbeatAnswer> {
  const [row] = await db.query<HeartbeatAnswer & QueryRow>(RENEW_LEASES, [JSON.stringify(beats), leaseMs, program]);
  await faultPoint('mid_heartbeat');
  return { lost: row?.lost ?? [], abort: row?.abort ?? [] };
}
