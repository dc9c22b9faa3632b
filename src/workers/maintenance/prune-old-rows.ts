import type { Executor, QueryRow } from '#lib/db/create-db.ts';

const DAY_MS = 86_400_000;

/** How long rows are kept, in ms. */
export interface Retention {
  /** Log lines of sessions. */
  logsMs: number;
  /** Requests of sessions. */
  requestsMs: number;
  /** Pages that failed, after they have expired. */
  snapshotsMs: number;
  /** What is known of pages that were read, since it was last seen. */
  validatorsMs: number;
  /** Ended attempts, which the dashboard's figures are made of. */
  metricsMs: number;
  /** Ended sessions, with which leads they saw; the leads themselves stay. */
  sessionsMs: number;
  /** Batches without sessions, and with them their idempotency keys. */
  batchesMs: number;
  /** Workers that have stopped or crashed. */
  workersMs: number;
  /** Bans of a proxy by a host, after their end: the next one of the two is longer as long as this one is known. */
  bansMs: number;
  /** The pace of hosts that nobody asked, and robots.txt files that nobody read, since then. */
  hostsMs: number;
}

export const DEFAULT_RETENTION: Retention = {
  logsMs: 14 * DAY_MS,
  requestsMs: 14 * DAY_MS,
  snapshotsMs: 0,
  validatorsMs: 30 * DAY_MS,
  metricsMs: 180 * DAY_MS,
  sessionsMs: 90 * DAY_MS,
  batchesMs: 90 * DAY_MS,
  workersMs: 7 * DAY_MS,
  bansMs: DAY_MS,
  hostsMs: 30 * DAY_MS,
};

/** Deleted rows per kind. */
export type PruneCounts = Record<Kind, number>;

type Kind =
  | 'logs'
  | 'requests'
  | 'snapshots'
  | 'validators'
  | 'metrics'
  | 'sessions'
  | 'batches'
  | 'workers'
  | 'bans'
  | 'hosts'
  | 'robots';

/** Few enough that a batch takes milliseconds and holds its locks no longer. */
const BATCH_ROWS = 1_000;
const BATCH = `limit ${BATCH_ROWS} for update skip locked`;
/** A bound for one run; what is left waits for the next. */
const BATCHES_MAX = 200;

/** SQL: the moment before which rows are too old. In a subquery, since a volatile function cannot bound an index scan. */
const CUTOFF = '(select clock_timestamp() - make_interval(secs => $1::float8 / 1000))';

/**
 * One batch of rows that are older than $1 ms. They are taken from the old end of an index where there is one, and rows that
 * another pruner has locked are passed over: two pruners that wait for each other's rows would deadlock.
 */
const PRUNE: Record<Exclude<Kind, 'sessions'>, string> = {
  logs: deleteBatch('session_logs', 'id', oldestByIds('session_logs')),
  requests: deleteBatch('session_requests', 'id', oldestByIds('session_requests')),
  snapshots: deleteBatch(
    'page_snapshots',
    'signature',
    `select signature from page_snapshots where expires_at < ${CUTOFF} order by expires_at ${BATCH}`,
  ),
  validators: deleteBatch(
    'page_validators',
    'source, url_hash',
    `select source, url_hash from page_validators where fetched_at < ${CUTOFF} order by fetched_at ${BATCH}`,
  ),
  metrics: deleteBatch(
    'scraper_metrics',
    'session_id, claim_number',
    `select session_id, claim_number from scraper_metrics where timestamp < ${CUTOFF} order by timestamp ${BATCH}`,
  ),
  batches: deleteBatch(
    'session_batches',
    'id',
    `select b.id from session_batches b
     where b.created_at < ${CUTOFF} and not exists (select from scraping_sessions s where s.batch_id = b.id) ${BATCH}`,
  ),
  workers: deleteBatch(
    'worker_instances',
    'worker_id',
    `select worker_id from worker_instances
     where status in ('stopped', 'crashed') and last_heartbeat < ${CUTOFF} ${BATCH}`,
  ),
  bans: deleteBatch(
    'proxy_host_bans',
    'proxy_id, host_key',
    `select proxy_id, host_key from proxy_host_bans where until < ${CUTOFF} ${BATCH}`,
  ),
  // Its clocks may lie in the future although it was asked long ago: a host that is paused stays known.
  hosts: deleteBatch(
    'host_pacing',
    'host_key',
    `select host_key from host_pacing p
     where greatest(last_asked_at, next_at, backoff_until, paused_until) < ${CUTOFF}
       and not exists (select from host_slots s where s.host_key = p.host_key) ${BATCH}`,
  ),
  robots: deleteBatch(
    'robots_cache',
    'origin',
    `select origin from robots_cache where greatest(fetched_at, expires_at, looking_until) < ${CUTOFF} ${BATCH}`,
  ),
};

function deleteBatch(table: string, key: string, oldest: string): string {
  return `
    with deleted as (delete from ${table} where (${key}) in (${oldest}) returning 1)
    select count(*)::int as deleted from deleted`;
}

/** Of a table whose ids grow with time, so that its primary key leads to the oldest. */
function oldestByIds(table: string): string {
  return `select id from (select id, at from ${table} order by id ${BATCH}) oldest where at < ${CUTOFF}`;
}

/**
 * Looks at the next sessions after id $2 and deletes those that ended more than $1 ms ago, with their log lines and
 * requests and with the sightings, which only say which session saw which lead. Ids grow with time, so the walk is over (next_id is null) at
 * the first session that was made after the cutoff; old ones that still wait do not stop it.
 */
const PRUNE_SESSIONS = `
  with page as materialized (
    select id, created_at, completed_at from scraping_sessions where id > $2::bigint
    order by id limit ${BATCH_ROWS} for update skip locked),
  old as materialized (select id from page where completed_at < ${CUTOFF}),
  sightings as (delete from lead_sightings where session_id in (select id from old)),
  logs as (delete from session_logs where session_id in (select id from old)),
  requests as (delete from session_requests where session_id in (select id from old)),
  deleted as (delete from scraping_sessions where id in (select id from old) returning 1)
  select (select count(*)::int from deleted) as deleted,
    (select case when count(*) = ${BATCH_ROWS} and max(created_at) < ${CUTOFF} then max(id) end from page) as next_id`;

/**
 * Deletes what is older than its retention, in small batches, oldest first; returns how many rows of each kind went.
 * Any number of managers may do this at once. Stops between two batches when `signal` is aborted.
 */
export async function pruneOldRows(
  db: Executor,
  retention: Retention = DEFAULT_RETENTION,
  signal?: AbortSignal,
): Promise<PruneCounts> {
  const prune = (kind: Exclude<Kind, 'sessions'>, ageMs: number) => pruneKind(db, PRUNE[kind], ageMs, signal);
  return {
    logs: await prune('logs', retention.logsMs),
    requests: await prune('requests', retention.requestsMs),
    snapshots: await prune('snapshots', retention.snapshotsMs),
    validators: await prune('validators', retention.validatorsMs),
    metrics: await prune('metrics', retention.metricsMs),
    sessions: await pruneSessions(db, retention.sessionsMs, signal),
    batches: await prune('batches', retention.batchesMs),
    workers: await prune('workers', retention.workersMs),
    bans: await prune('bans', retention.bansMs),
    hosts: await prune('hosts', retention.hostsMs),
    robots: await prune('robots', retention.hostsMs),
  };
}

async function pruneKind(db: Executor, statement: string, ageMs: number, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < BATCHES_MAX && !signal?.aborted; batch += 1) {
    const [row] = await db.query<{ deleted: number } & QueryRow>(statement, [ageMs]);
    const deleted = row?.deleted ?? 0;
    total += deleted;
    if (deleted < BATCH_ROWS) break;
  }
  return total;
}

async function pruneSessions(db: Executor, ageMs: number, signal?: AbortSignal): Promise<number> {
  let total = 0;
  let afterId: number | null = 0;
  for (let batch = 0; batch < BATCHES_MAX && afterId !== null && !signal?.aborted; batch += 1) {
    const [row]: PrunedPage[] = await db.query<PrunedPage>(PRUNE_SESSIONS, [ageMs, afterId]);
    total += row?.deleted ?? 0;
    afterId = row?.next_id ?? null;
  }
  return total;
}

interface PrunedPage extends QueryRow {
  deleted: number;
  next_id: number | null;
}
