import type { Executor } from '#lib/db/create-db.ts';
import type { WorkerKind } from '#lib/db/schema/vocabulary.ts';
import { LeaseLostError } from '#lib/errors.ts';

export interface WorkerRegistration {
  workerId: string;
  nodeId: string;
  hostname: string;
  pid: number;
  managerPid?: number | null;
  concurrency: number;
  version?: string | null;
  /** By the clock of its machine. Without it, the registration that comes last counts. */
  processStartedAt?: Date | null;
  /** A process of a manager unless given. */
  kind?: WorkerKind;
  /** Of a bot: what people call it, the token it came with, and the sources that it can scrape. */
  name?: string | null;
  tokenId?: number | null;
  sources?: readonly string[] | null;
}

const IS_LIVING = `w.status not in ('stopped', 'crashed') and w.lease_until > clock_timestamp()`;

const RENEW_REGISTRATION = `
update worker_instances w set lease_until = clock_timestamp() + make_interval(secs => $5::int / 1000.0)
where worker_id = $1 and hostname = $2 and pid = $3 and process_started_at = $4::timestamptz and ${IS_LIVING}
returning worker_id`;

/**
 * A registration that is repeated, since its answer was lost: the process may hold sessions by now, and keeps them.
 * @returns false when this process has no living lease.
 */
export async function renewRegistration(db: Executor, worker: WorkerRegistration, leaseMs: number): Promise<boolean> {
  const { workerId, hostname, pid, processStartedAt } = worker;
  if (!processStartedAt) return false;
  const values = [workerId, hostname, pid, processStartedAt.toISOString(), leaseMs];
  return (await db.query(RENEW_REGISTRATION, values)).length === 1;
}

/** Adds a worker with a fresh lease, or gives a known id to its new process with all counters at zero; never to an older one. */
const REGISTER_WORKER = `
insert into worker_instances as w (worker_id, node_id, hostname, pid, manager_pid, concurrency, version, lease_until, kind, name,
  token_id, sources, process_started_at)
values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8::int / 1000.0), $9, $10, $11::bigint, $12::text[],
  $13::timestamptz)
on conflict (worker_id) do update set
  node_id = excluded.node_id, hostname = excluded.hostname, pid = excluded.pid, manager_pid = excluded.manager_pid,
  concurrency = excluded.concurrency, version = excluded.version, lease_until = excluded.lease_until,
  status = 'starting', started_at = clock_timestamp(), last_heartbeat = clock_timestamp(), stopped_at = null,
  stop_reason = null, current_job_id = null, active_sessions = 0, jobs_processed = 0, jobs_succeeded = 0, jobs_failed = 0,
  memory_mb = null, kind = excluded.kind, name = excluded.name, token_id = excluded.token_id, sources = excluded.sources,
  process_started_at = excluded.process_started_at
where not (coalesce(w.process_started_at > excluded.process_started_at, false) and ${IS_LIVING})
returning worker_id`;

/** @throws LeaseLostError when a younger process has the name, and its lease lives: what comes now was sent before that. */
export async function registerWorker(db: Executor, worker: WorkerRegistration, leaseMs: number): Promise<void> {
  const written = await db.query(REGISTER_WORKER, [
    worker.workerId,
    worker.nodeId,
    worker.hostname,
    worker.pid,
    worker.managerPid ?? null,
    worker.concurrency,
    worker.version ?? null,
    leaseMs,
    worker.kind ?? 'process',
    worker.name ?? null,
    worker.tokenId ?? null,
    worker.sources ?? null,
    worker.processStartedAt?.toISOString() ?? null,
  ]);
  if (written.length === 1) return;
  throw new LeaseLostError(`The name "${worker.workerId}" belongs to a younger process than ${worker.pid}.`);
}
