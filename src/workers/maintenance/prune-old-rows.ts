import type { Executor, QueryRow } from '#lib/db/create-db.ts';

const DAY_MS = 86_400_000;

/** How long rows are kept, in ms. */
export interface Retention {
  /** Log lines of sessions. */
  logsMs: number;
  /** Ended attempts, which the dashboard's figures are made of. */
  metricsMs: number;
  /** Ended sessions, with which leads they saw; the leads themselves stay. */
  sessionsMs: number;
  /** Batches without sessions, and with them their idempotency keys. */
  batchesMs: number;
  /** Workers that have stopped or crashed. */
  workersMs: number;
}

export const DEFAULT_RETENTION: Retention = {
  logsMs: 14 * DAY_MS,
  metricsMs: 180 * DAY_MS,
  sessionsMs: 90 * DAY_MS,
  batchesMs: 90 * DAY_MS,
  workersMs: 7 * DAY_MS,
};

/** Deleted rows per kind. */
export type PruneCounts = Record<'logs' | 'metrics' | 'sessions' | 'batches' | 'workers', number>;

/** Few enough that a batch takes milliseconds and holds its locks no longer. */
const BATCH_ROWS = 1_000;
/** A bound for one run; what is left waits for the next. */
const BATCHES_MAX = 200;

/** SQL: the moment before which rows are too old. In a subquery, since a volatile function cannot bound an index scan. */
const CUTOFF = '(select clock_timestamp() - make_interval(secs => $1::float8 / 1000))';

/**
 * One batch of rows that are older than $1 ms. They are taken from the old end of an index, and rows that another pruner
 * has locked are passed over: two pruners that wait for each other's rows would deadlock.
 */
const PRUNE: Record<Exclude<keyof Retention, 'sessionsMs'>, string> = {
  logsMs: `
    with deleted as (
      delete from session_logs where id in (
        select id from (select id, at from session_logs order by id limit ${BATCH_ROWS} for update skip locked) oldest
        where at < ${CUTOFF})
      returning 1)
    select count(*)::int as deleted from deleted`,
  metricsMs: `
    with deleted as (
      delete from scraper_metrics where (session_id, claim_number) in (
        select session_id, claim_number from scraper_metrics where timestamp < ${CUTOFF}
        order by timestamp limit ${BATCH_ROWS} for update skip locked)
      returning 1)
    select count(*)::int as deleted from deleted`,
  batchesMs: `
    with deleted as (
      delete from session_batches where id in (
        select b.id from session_batches b
        where b.created_at < ${CUTOFF} and not exists (select from scraping_sessions s where s.batch_id = b.id)
        limit ${BATCH_ROWS} for update skip locked)
      returning 1)
    select count(*)::int as deleted from deleted`,
  workersMs: `
    with deleted as (
      delete from worker_instances where worker_id in (
        select worker_id from worker_instances
        where status in ('stopped', 'crashed') and last_heartbeat < ${CUTOFF}
        limit ${BATCH_ROWS} for update skip locked)
      returning 1)
    select count(*)::int as deleted from deleted`,
};

/**
 * Looks at the next sessions after id $2 and deletes those that ended more than $1 ms ago, with their log lines and with
 * the sightings, which only say which session saw which lead. Ids grow with time, so the walk is over (next_id is null) at
 * the first session that was made after the cutoff; old ones that still wait do not stop it.
 */
const PRUNE_SESSIONS = `
  with page as materialized (
    select id, created_at, completed_at from scraping_sessions where id > $2::bigint
    order by id limit ${BATCH_ROWS} for update skip locked),
  old as materialized (select id from page where completed_at < ${CUTOFF}),
  sightings as (delete from lead_sightings where session_id in (select id from old)),
  logs as (delete from session_logs where session_id in (select id from old)),
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
  return {
    logs: await pruneKind(db, PRUNE.logsMs, retention.logsMs, signal),
    metrics: await pruneKind(db, PRUNE.metricsMs, retention.metricsMs, signal),
    sessions: await pruneSessions(db, retention.sessionsMs, signal),
    batches: await pruneKind(db, PRUNE.batchesMs, retention.batchesMs, signal),
    workers: await pruneKind(db, PRUNE.workersMs, retention.workersMs, signal),
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
