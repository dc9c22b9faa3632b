import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { type NodeMode, type NodeStatus, SILENT_NODE_REASON } from '#lib/db/schema/vocabulary.ts';

/** What a manager says of itself and its machine. */
export interface NodeBeat {
  nodeId: string;
  hostname: string;
  managerPid: number;
  version: string | null;
  status: Exclude<NodeStatus, 'gone'>;
  statusReasons: readonly string[];
  configuredWorkers: number;
  activeWorkers: number;
  activeSessions: number;
  /** Sessions per worker. */
  concurrency: number;
  cpuPercent: number | null;
  memoryPercent: number | null;
  diskPercent: number | null;
  cpuCount: number | null;
  memoryLimitMb: number | null;
  errors: number;
  warnings: number;
  /** How long it may say nothing before its work goes to others. */
  leaseMs: number;
}

/** What people want of the node. */
export interface NodeWish {
  mode: NodeMode;
  /** Null: as many as it was started with. */
  desiredWorkers: number | null;
}

/** Another manager that writes the row under the same name. */
export interface NodeOwner {
  hostname: string;
  managerPid: number;
}

export type NodeBeatAnswer =
  | { kind: 'written'; wish: NodeWish }
  /** With what people want of the row, and when its owner wrote it last, by the database's clock. */
  | { kind: 'taken'; owner: NodeOwner; wish: NodeWish; lastSeenAt: Date };

/**
 * Writes the node's row and reads what people want of it, in one statement. A row that another manager has written within the
 * lease stays as it is, and its owner is the answer: two managers that took turns would each obey what was meant for the
 * other. A row of a manager that has stopped, or that the caller knows to be dead ($3), is taken over with what people want of it;
 * what a caller says of itself and of the dead counts only for rows of its own token.
 */
const BEAT = `
with beat as materialized (
  select * from jsonb_to_record($1::jsonb) as b("nodeId" text, "hostname" text, "managerPid" int, "version" text, "status" text,
    "statusReasons" jsonb, "configuredWorkers" int, "activeWorkers" int, "activeSessions" int, "concurrency" int,
    "cpuPercent" real, "memoryPercent" real, "diskPercent" real, "cpuCount" real, "memoryLimitMb" int, "errors" int, "warnings" int,
    "leaseMs" int)),
written as (
  insert into nodes as n (node_id, hostname, manager_pid, version, status, status_reasons, configured_workers, active_workers,
    active_sessions, concurrency, cpu_percent, memory_percent, disk_percent, cpu_count, memory_limit_mb, errors, warnings,
    token_id, lease_ms, status_since, started_at, last_seen_at)
  select "nodeId", "hostname", "managerPid", "version", "status", array(select jsonb_array_elements_text("statusReasons")),
    "configuredWorkers", "activeWorkers", "activeSessions", "concurrency", "cpuPercent", "memoryPercent", "diskPercent",
    "cpuCount", "memoryLimitMb", "errors", "warnings", $4::bigint, "leaseMs", clock_timestamp(), clock_timestamp(), clock_timestamp()
  from beat
  on conflict (node_id) do update set
    hostname = excluded.hostname, manager_pid = excluded.manager_pid, version = excluded.version,
    status = excluded.status, status_reasons = excluded.status_reasons,
    status_since = case when n.status = excluded.status then n.status_since else excluded.status_since end,
    configured_workers = excluded.configured_workers, active_workers = excluded.active_workers,
    active_sessions = excluded.active_sessions, concurrency = excluded.concurrency,
    cpu_percent = excluded.cpu_percent, memory_percent = excluded.memory_percent, disk_percent = excluded.disk_percent,
    cpu_count = excluded.cpu_count, memory_limit_mb = excluded.memory_limit_mb,
    errors = excluded.errors, warnings = excluded.warnings, token_id = excluded.token_id,
    lease_ms = excluded.lease_ms,
    started_at = case when $2::boolean then excluded.started_at else n.started_at end,
    last_seen_at = excluded.last_seen_at
  where (n.hostname = excluded.hostname and n.manager_pid in (excluded.manager_pid, $3::int)
      and n.token_id is not distinct from excluded.token_id)
    or n.status = 'gone' or n.last_seen_at < clock_timestamp() - make_interval(secs => n.lease_ms / 1000.0)
  returning n.mode, n.desired_workers)
select true as written, mode, desired_workers as "desiredWorkers", null as hostname, null as "managerPid", null as "lastSeenAt"
from written
union all
select false, n.mode, n.desired_workers, n.hostname, n.manager_pid, n.last_seen_at from nodes n
where n.node_id = (select "nodeId" from beat) and not exists (select from written)`;

export interface BeatNodeOptions {
  /** The first beat of this manager: the node counts as started now. */
  first: boolean;
  /** The process on this machine that owned the row and is known to be dead. */
  deadPid: number | null;
  /** The token with which it came over HTTP; none for a manager that has the database. */
  tokenId?: number | null;
}

interface BeatRow extends QueryRow {
  written: boolean;
  mode: NodeMode;
  desiredWorkers: number | null;
  hostname: string;
  managerPid: number;
  lastSeenAt: Date;
}

/** The rows of machines, as their managers keep them. */
export interface NodeStore {
  /** One heartbeat of a node. */
  beat(beat: NodeBeat, options: BeatNodeOptions): Promise<NodeBeatAnswer>;
  /** Says that the manager has stopped on purpose, so that the next one under this name need not wait. */
  leave(node: LeavingNode): Promise<void>;
  /** Marks silent nodes as gone, and deletes those that are gone for long. May be done by any number of managers at once. */
  sweep(): Promise<SweepAnswer>;
}

export interface LeavingNode extends NodeOwner, Pick<BeatNodeOptions, 'tokenId'> {
  nodeId: string;
}

const LEAVE = `
update nodes set status = 'gone', status_reasons = array['Its manager was stopped'], status_since = clock_timestamp(),
  active_workers = 0, active_sessions = 0, last_seen_at = clock_timestamp()
where node_id = $1 and hostname = $2 and manager_pid = $3 and token_id is not distinct from $4::bigint`;

/**
 * Looks after nodes that have fallen silent: after two leases of theirs they are marked as gone, and after three, or $1 ms, their rows are
 * deleted. Their sessions are back by then: they hang on the lease of their workers. A row with a wish of people stays for $2 ms, so that
 * a machine that was paused does not begin to work because it was switched off for an hour.
 */
const SWEEP = `
with deleted as (
  delete from nodes
  where last_seen_at < clock_timestamp() - make_interval(secs => (
    case when mode = 'active' and desired_workers is null then greatest($1::float8, 3.0 * lease_ms) else $2::float8 end) / 1000.0)
  returning node_id),
gone as (
  update nodes set status = 'gone', status_reasons = array['${SILENT_NODE_REASON}'], status_since = clock_timestamp(),
    active_workers = 0, active_sessions = 0
  where status <> 'gone' and last_seen_at < clock_timestamp() - make_interval(secs => 2 * lease_ms / 1000.0)
    and node_id not in (select node_id from deleted)
  returning node_id)
select (select coalesce(array_agg(node_id), '{}') from gone) as gone,
  (select coalesce(array_agg(node_id), '{}') from deleted) as deleted`;

export interface SweepAnswer {
  /** The ids of the nodes. */
  gone: string[];
  deleted: string[];
}

const DELETED_AFTER_MS = 5 * 60_000;
const WISH_KEPT_MS = 7 * 24 * 3_600_000;

const UNASKED: NodeWish = { mode: 'active', desiredWorkers: null };

/** In the table of nodes. A manager that has said nothing for its lease may be replaced. */
export class PgNodeStore implements NodeStore {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  async beat(beat: NodeBeat, options: BeatNodeOptions): Promise<NodeBeatAnswer> {
    const { first, deadPid, tokenId = null } = options;
    const values = [JSON.stringify(beat), first, deadPid, tokenId];
    const [row] = await this.#db.query<BeatRow>(BEAT, values);
    // Another manager inserted the row while this statement ran: the next beat sees it, and nobody can have wanted anything of it yet.
    if (!row) return { kind: 'taken', owner: { hostname: '', managerPid: 0 }, wish: UNASKED, lastSeenAt: new Date(0) };
    const { mode, desiredWorkers, hostname, managerPid, lastSeenAt } = row;
    const wish = { mode, desiredWorkers };
    if (row.written) return { kind: 'written', wish };
    return { kind: 'taken', owner: { hostname, managerPid }, wish, lastSeenAt };
  }

  async leave({ nodeId, hostname, managerPid, tokenId = null }: LeavingNode): Promise<void> {
    await this.#db.query(LEAVE, [nodeId, hostname, managerPid, tokenId]);
  }

  async sweep(): Promise<SweepAnswer> {
    const [row] = await this.#db.query<SweepAnswer & QueryRow>(SWEEP, [DELETED_AFTER_MS, WISH_KEPT_MS]);
    return { gone: row?.gone ?? [], deleted: row?.deleted ?? [] };
  }
}
