import type { Retention } from './retention.ts';

export type PruneKind =
  | 'logs'
  | 'requests'
  | 'snapshots'
  | 'validators'
  | 'sessions'
  | 'metrics'
  | 'batches'
  | 'scheduleRuns'
  | 'workers'
  | 'tokens'
  | 'bans'
  | 'slots'
  | 'hosts'
  | 'robots';

/**
 * One statement per kind of row. It deletes one batch of what is older than $1 ms, $2 rows at most, and gives {deleted, next}:
 * `next` is where the next batch begins ($3; 0 is the start), null when this kind is done.
 */
export interface PruneStatement {
  age: keyof Retention;
  sql: string;
}

/** SQL: the moment before which rows are too old. In a subquery, since a volatile function cannot bound an index scan. */
const CUTOFF = '(select clock_timestamp() - make_interval(secs => $1::float8 / 1000))';

/** Rows that another pruner has locked are passed over: two that wait for each other's rows would deadlock. */
const BATCH = 'limit $2::int for update skip locked';

/**
 * Sessions after id $3 are looked at without a lock, and only those that ended too long ago are locked and deleted, with their
 * log lines and requests and with the sightings, which only say which session saw which lead. Whoever claims, checkpoints or
 * starts a session again never meets a lock of this. Ids grow with time, so the walk is over where sessions are too young; old
 * ones that still wait do not stop it.
 *
 * The bounds on every id are for the planner: told of a batch only, it may read whole tables.
 *
 * The figures of what goes are added to archive_days by the same statement, so they are counted once whether it is killed or
 * others do the same at the same moment. Sorted, so that two cannot lock each other out.
 */
const PRUNE_SESSIONS = `
  with page as materialized (
    select id, created_at from scraping_sessions where id > $3::bigint order by id limit $2::int),
  old as materialized (
    select s.id from scraping_sessions s
    where ${withinPage('s.id')} and s.completed_at < ${CUTOFF} and s.status not in ('pending', 'running')
    for update skip locked),
  sightings as (delete from lead_sightings where ${ofOld('session_id')}),
  logs as (delete from session_logs where ${ofOld('session_id')}),
  requests as (delete from session_requests where ${ofOld('session_id')}),
  deleted as (delete from scraping_sessions where ${ofOld('id')} returning source, status, completed_at),
  archived as (
    insert into archive_days as kept (day, source, sessions_completed, sessions_failed, sessions_cancelled)
    select (completed_at at time zone 'UTC')::date, source, count(*) filter (where status = 'completed'),
      count(*) filter (where status = 'failed'), count(*) filter (where status = 'cancelled')
    from deleted group by 1, 2 order by 1, 2
    on conflict (day, source) do update set ${addUp(['sessions_completed', 'sessions_failed', 'sessions_cancelled'])})
  select (select count(*)::int from deleted) as deleted, ${nextByIds('created_at')} as next`;

/** SQL: an id lies among those that this batch looks at. */
function withinPage(id: string): string {
  return `${id} > $3::bigint and ${id} <= (select max(id) from page)`;
}

function ofOld(id: string): string {
  return `${withinPage(id)} and ${id} in (select id from old)`;
}

const ATTEMPT_SUMS = [
  'attempts',
  'attempts_failed',
  'leads_found',
  'leads_new',
  'requests_made',
  'requests_failed',
  'bytes_received',
  'duration_ms',
];

/**
 * Attempts of sessions that are gone. While a session is there its attempts stay: what its next attempt finds is told from
 * what the earlier ones found.
 */
const PRUNE_METRICS = `
  with old as materialized (
    select m.session_id, m.claim_number from scraper_metrics m
    where m.timestamp < ${CUTOFF} and not exists (select from scraping_sessions s where s.id = m.session_id)
    order by m.timestamp limit $2::int for update of m skip locked),
  deleted as (
    delete from scraper_metrics m using old
    where m.session_id = old.session_id and m.claim_number = old.claim_number
    returning m.*),
  archived as (
    insert into archive_days as kept (day, source, ${ATTEMPT_SUMS.join(', ')})
    select (timestamp at time zone 'UTC')::date, source, count(*),
      count(*) filter (where outcome in ('retry', 'failed', 'timed_out', 'crashed')),
      sum(leads_found), sum(leads_new), sum(requests_made), sum(requests_failed), sum(bytes_received), sum(duration_ms)
    from deleted group by 1, 2 order by 1, 2
    on conflict (day, source) do update set ${addUp(ATTEMPT_SUMS)})
  ${answerFullBatch()}`;

/** In this order: what refers to others goes first. */
export const PRUNE_STATEMENTS: Record<PruneKind, PruneStatement> = {
  logs: { age: 'logsMs', sql: deleteByIds('session_logs') },
  requests: { age: 'requestsMs', sql: deleteByIds('session_requests') },
  snapshots: {
    age: 'snapshotsMs',
    sql: deleteBatch(
      'page_snapshots',
      `select ctid from page_snapshots where expires_at < ${CUTOFF} order by expires_at ${BATCH}`,
    ),
  },
  validators: {
    age: 'validatorsMs',
    sql: deleteBatch(
      'page_validators',
      `select ctid from page_validators where fetched_at < ${CUTOFF} order by fetched_at ${BATCH}`,
    ),
  },
  sessions: { age: 'sessionsMs', sql: PRUNE_SESSIONS },
  metrics: { age: 'metricsMs', sql: PRUNE_METRICS },
  batches: {
    age: 'batchesMs',
    sql: deleteBatch(
      'session_batches',
      `select b.ctid from session_batches b
       where b.created_at < ${CUTOFF} and ${isGone('b.id')} order by b.created_at ${BATCH}`,
    ),
  },
  scheduleRuns: {
    age: 'scheduleRunsMs',
    sql: deleteBatch(
      'schedule_runs',
      `select r.ctid from schedule_runs r
       where r.at < ${CUTOFF} and ${isGone('r.batch_id')} order by r.at ${BATCH}`,
    ),
  },
  workers: {
    age: 'workersMs',
    sql: deleteBatch(
      'worker_instances',
      `select ctid from worker_instances where status in ('stopped', 'crashed') and last_heartbeat < ${CUTOFF} ${BATCH}`,
    ),
  },
  tokens: {
    age: 'tokensMs',
    sql: deleteBatch(
      'api_tokens',
      `select ctid from api_tokens where least(revoked_at, expires_at) < ${CUTOFF} ${BATCH}`,
    ),
  },
  bans: {
    age: 'bansMs',
    sql: deleteBatch('proxy_host_bans', `select ctid from proxy_host_bans where until < ${CUTOFF} ${BATCH}`),
  },
  // Expired ones are cleared away when their host is asked again, which may never happen.
  slots: {
    age: 'hostsMs',
    sql: deleteBatch('host_slots', `select ctid from host_slots where expires_at < ${CUTOFF} ${BATCH}`),
  },
  // Its clocks may lie in the future although it was asked long ago: a host that is paused stays known.
  hosts: {
    age: 'hostsMs',
    sql: deleteBatch(
      'host_pacing',
      `select ctid from host_pacing p
       where greatest(last_asked_at, next_at, backoff_until, paused_until) < ${CUTOFF}
         and not exists (select from host_slots s where s.host_key = p.host_key) ${BATCH}`,
    ),
  },
  robots: {
    age: 'hostsMs',
    sql: deleteBatch(
      'robots_cache',
      `select ctid from robots_cache where greatest(fetched_at, expires_at, looking_until) < ${CUTOFF} ${BATCH}`,
    ),
  },
};

/**
 * The rows are found by their place, which stands still while they are locked: by their key they may be planned as a join that
 * reads the whole table. The position is of no use where the oldest rows are gone; it is named, since the driver passes it.
 */
function deleteBatch(table: string, oldest: string): string {
  return `
    with deleted as (delete from ${table} where ctid = any(array(${oldest})) returning 1)
    ${answerFullBatch()}`;
}

/** A batch that was not full was the last one. */
function answerFullBatch(): string {
  return 'select count(*)::int as deleted, case when count(*) = $2::int then $3::bigint end as next from deleted';
}

/** Of a table whose ids grow with time, so that its primary key leads to the oldest. */
function deleteByIds(table: string): string {
  return `
    with page as materialized (select id, at from ${table} where id > $3::bigint order by id limit $2::int),
    old as materialized (
      select id from ${table} where ${withinPage('id')} and at < ${CUTOFF} for update skip locked),
    deleted as (delete from ${table} where ${ofOld('id')} returning 1)
    select (select count(*)::int from deleted) as deleted, ${nextByIds('at')} as next`;
}

/**
 * SQL: where a walk by ids goes on. It is over at the first page whose rows are all younger than the cutoff. Rows with a time
 * that has not come were made while the database's clock was ahead; they say nothing of those after them.
 */
function nextByIds(at: string): string {
  return `(select case when count(*) = $2::int and bool_or(${at} < ${CUTOFF} or ${at} > clock_timestamp()) then max(id) end
    from page)`;
}

/**
 * SQL: no session of a batch is left. Asked of each batch by the index, oldest first, until enough are found: "not exists" may
 * be planned as a join, which reads all sessions for every few batches.
 */
function isGone(batchId: string): string {
  return `(select s.id from scraping_sessions s where s.batch_id = ${batchId} limit 1) is null`;
}

function addUp(columns: readonly string[]): string {
  return columns.map((column) => `${column} = kept.${column} + excluded.${column}`).join(', ');
}
