import type { Executor } from '#lib/db/create-db.ts';
import type { WorkerKind } from '#lib/db/schema/vocabulary.ts';

export interface WorkerRegistration {
  workerId: string;
  nodeId: string;
  hostname: string;
  pid: number;
  managerPid?: number | null;
  concurrency: number;
  version?: string | null;
  /** A process of a manager unless given. */
  kind?: WorkerKind;
  /** Of a bot: what people call it, the token it came with, and the sources that it can scrape. */
  name?: string | null;
  tokenId?: number | null;
  sources?: readonly string[] | null;
}

/** Adds a worker with a fresh lease, or gives a known id to its new process with all counters at zero. */
const REGISTER_WORKER = `
insert into worker_instances (worker_id, node_id, hostname, pid, manager_pid, concurrency, version, lease_until, kind, name,
  token_id, sources)
values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8::int / 1000.0), $9, $10, $11::bigint, $12::text[])
on conflict (worker_id) do update set
  node_id = excluded.node_id, hostname = excluded.hostname, pid = excluded.pid, manager_pid = excluded.manager_pid,
  concurrency = excluded.concurrency, version = excluded.version, lease_until = excluded.lease_until,
  status = 'starting', started_at = clock_timestamp(), last_heartbeat = clock_timestamp(), stopped_at = null,
  stop_reason = null, current_job_id = null, active_sessions = 0, jobs_processed = 0, jobs_succeeded = 0, jobs_failed = 0,
  memory_mb = null, kind = excluded.kind, name = excluded.name, token_id = excluded.token_id, sources = excluded.sources`;

export async function registerWorker(db: Executor, worker: WorkerRegistration, leaseMs: number): Promise<void> {
  await db.query(REGISTER_WORKER, [
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
  ]);
}
