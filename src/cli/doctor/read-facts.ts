import { setTimeout as wait } from 'node:timers/promises';
import { CONNECTIONS, CONNECTIONS_USABLE, connectionsNeeded } from '#lib/db/connections.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { SILENT_NODE_REASON } from '#lib/db/schema/vocabulary.ts';
import { findRuleProblem, type StoredRule } from '#lib/schedules/occurrences.ts';

/** What doctor looks at. Ages in ms by the database's clock. */
export interface Facts {
  /** How far this machine's clock is ahead of the database's, give or take `clockErrorMs`. */
  clockAheadMs: number;
  clockErrorMs: number;
  sessions: {
    /** Could be claimed now; counted up to 10,000. `hasBot` says whether a bot that takes the source is up. */
    ready: { source: string; sessions: number; oldestMs: number; hasBot: boolean }[];
    /** Running past their time limit by more than a minute. */
    overdue: number[];
    /** Running although their worker has no lease any more. */
    orphaned: number[];
    /** Ended in the last day because their processes died. */
    quarantined: number[];
  };
  workers: {
    living: number;
    crashedLastHour: { workerId: string; reason: string | null }[];
    /** What they ran, the newest first. */
    crashedSessions: number[];
    /** That still count as living although their lease is over. */
    silent: string[];
    versions: { version: string | null; workers: number }[];
  };
  nodes: {
    nodeId: string;
    status: string;
    mode: string;
    /** As people asked for; null for as many as it was started with. */
    desiredWorkers: number | null;
    reasons: string[];
    /** Workers that it shall have and has not, although none has come or gone for a minute. */
    missingWorkers: number;
    silentMs: number;
    leaseMs: number;
  }[];
  /** `needed` is 0 where a pooler is in between. */
  connections: { max: number; used: number; needed: number };
  /** The oldest open transaction of this database. */
  oldestTransactionMs: number | null;
  /** `unchecked` are those being tested that nobody has checked although there was time. */
  proxies: { total: number; usable: number; testing: number; unchecked: number };
  pausedHosts: { hostKey: string; reason: string | null }[];
  /** `problem` says why the rule cannot be read here. */
  schedulesOverdue: { name: string; lateMs: number; problem: string | null }[];
  /** Not paused, and without a next occurrence. */
  schedulesStopped: string[];
}

type Row = Omit<Facts, 'clockAheadMs' | 'clockErrorMs' | 'schedulesOverdue'> & {
  now: string;
  schedulesOverdue: (StoredRule & { name: string; lateMs: number })[];
};

const LISTED = 5;

/** The dashboard has ten, and its listener. */
const OF_DASHBOARD = 11;
/** Bots, and workers over HTTP, have none. */
const NEEDED = `(select count(distinct node_id) * ${connectionsNeeded(0)} + count(*) * ${CONNECTIONS.worker} + ${OF_DASHBOARD} from living
  where kind = 'process' and token_id is null)`;

/** A schedule that catches up with all, one after the other, is late as long as the one before goes on. */
const WAITS_FOR_EARLIER = `catch_up = 'all' and not allow_overlap and exists (
  select from schedule_runs r join scraping_sessions s on s.batch_id = r.batch_id
  where r.schedule_id = schedules.id and s.status in ('pending', 'running'))`;

const READ_FACTS = `
with crashed as (
  select worker_id, stop_reason, stopped_at from worker_instances
  where kind = 'process' and status = 'crashed' and stopped_at > clock_timestamp() - interval '1 hour'),
living as (
  select * from worker_instances where status not in ('stopped', 'crashed') and lease_until >= clock_timestamp()),
missed_nodes as (
  select * from nodes where status <> 'gone'
    -- The row of one that people paused or scaled is kept for a week, long after its loss is news.
    or status_reasons = array['${SILENT_NODE_REASON}'] and status_since > clock_timestamp() - interval '1 hour'),
unsettled_nodes as (
  select node_id from nodes where mode <> 'active' or started_at > clock_timestamp() - interval '1 minute'
  union all select node_id from worker_instances
  where kind = 'process' and greatest(started_at, stopped_at) > clock_timestamp() - interval '1 minute'),
ready as (
  select s.source, coalesce(s.ready_at, s.created_at) as since from scraping_sessions s
  where s.status = 'pending' and s.wake_at is null limit 10000),
ready_sources as (
  select source, count(*) as sessions, extract(epoch from clock_timestamp() - min(since)) * 1000 as "oldestMs",
    exists (select from living w where w.kind = 'bot' and (w.sources is null or ready.source = any(w.sources))) as "hasBot"
  from ready group by source order by source)
select jsonb_build_object(
  'now', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'sessions', jsonb_build_object(
    'ready', coalesce((select jsonb_agg(r) from ready_sources r), '[]'),
    'overdue', ${ids(`s.status = 'running' and s.timeout_at < clock_timestamp() - interval '1 minute'`)},
    'orphaned', ${ids(`s.status = 'running' and not exists (
      select from worker_instances w where w.worker_id = s.worker_id and w.lease_until >= clock_timestamp() - interval '1 minute')`)},
    'quarantined', ${ids(`s.status = 'failed' and s.error->>'code' = 'quarantined' and s.completed_at > clock_timestamp() - interval '1 day'`)}),
  'workers', jsonb_build_object(
    'living', (select count(*) from living),
    'crashedLastHour', coalesce((select jsonb_agg(c) from (
      select worker_id as "workerId", stop_reason as reason from crashed order by stopped_at desc limit 100) c), '[]'),
    'crashedSessions', ${ids(`s.id in (
      select m.session_id from scraper_metrics m join crashed c on c.worker_id = m.worker_id
      where m.timestamp > clock_timestamp() - interval '1 hour' and m.outcome in ('crashed', 'lost'))`)},
    'silent', coalesce((select jsonb_agg(worker_id) from (
      select worker_id from worker_instances
      where status not in ('stopped', 'crashed') and lease_until < clock_timestamp() - interval '1 minute' limit 100) c), '[]'),
    'versions', coalesce((select jsonb_agg(v) from (select version, count(*) as workers from living where kind = 'process' group by version) v), '[]')),
  'nodes', coalesce((select jsonb_agg(jsonb_build_object(
    'nodeId', node_id, 'status', status, 'mode', mode, 'desiredWorkers', desired_workers, 'reasons', status_reasons,
    'missingWorkers', case when node_id in (select node_id from unsettled_nodes) then 0
      else greatest(0, coalesce(desired_workers, configured_workers) - active_workers) end,
    'silentMs', extract(epoch from clock_timestamp() - last_seen_at) * 1000, 'leaseMs', lease_ms)) from missed_nodes), '[]'),
  'connections', jsonb_build_object(
    'max', ${CONNECTIONS_USABLE},
    'used', (select count(*) from pg_stat_activity where datname = current_database()),
    'needed', ${NEEDED}),
  'oldestTransactionMs', (
    select extract(epoch from clock_timestamp() - min(xact_start)) * 1000 from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()),
  'proxies', (select jsonb_build_object(
    'total', count(*) filter (where status <> 'disabled'), 'usable', count(*) filter (where status = 'active'),
    'testing', count(*) filter (where status = 'testing'),
    'unchecked', count(*) filter (where status = 'testing' and last_checked_at is null
      and created_at < clock_timestamp() - interval '2 minutes')) from proxy_pool),
  'pausedHosts', coalesce((select jsonb_agg(h) from (
    select host_key as "hostKey", pause_reason as reason from host_pacing
    where paused_until > clock_timestamp() order by paused_until desc limit 20) h), '[]'),
  'schedulesOverdue', coalesce((select jsonb_agg(o) from (
    select name, extract(epoch from clock_timestamp() - next_at) * 1000 as "lateMs", cron, time_zone as "timeZone",
      every_minutes as "everyMinutes" from schedules
    where not paused and next_at < clock_timestamp() - interval '5 minutes' and not (${WAITS_FOR_EARLIER})
    order by next_at limit 20) o), '[]'),
  'schedulesStopped', coalesce((select jsonb_agg(name) from (
    select name from schedules where not paused and next_at is null order by id limit 20) o), '[]')
) as facts`;

/**
 * Reads all facts in one statement.
 * @param pooled whether a pooler shares the server's connections out.
 * @throws what the driver throws.
 */
export async function readFacts(db: Executor, { pooled = false } = {}): Promise<Facts> {
  // So that connecting is not taken for the time of the statement.
  await db.query('select 1');
  const askedAtMs = Date.now();
  const [row] = await db.query<{ facts: Row } & QueryRow>(READ_FACTS);
  const answeredAtMs = Date.now();
  if (!row) throw new Error('A statement without a table gave no row.');
  const { now, schedulesOverdue, ...facts } = row.facts;
  return {
    ...facts,
    schedulesOverdue: schedulesOverdue.map(({ name, lateMs, ...rule }) => ({
      name,
      lateMs,
      problem: findRuleProblem(rule),
    })),
    connections: pooled ? { ...facts.connections, needed: 0 } : facts.connections,
    clockAheadMs: (askedAtMs + answeredAtMs) / 2 - Date.parse(now),
    clockErrorMs: (answeredAtMs - askedAtMs) / 2,
  };
}

/** A machine that is there and has fewer workers than it shall have; one that is silent is told of as such. */
export function isShortOfWorkers({ status, missingWorkers, silentMs, leaseMs }: Facts['nodes'][number]): boolean {
  return missingWorkers > 0 && status !== 'gone' && silentMs <= 2 * leaseMs;
}

/** How long a worker may take to come that somebody has asked for just now, and how often that is looked at. */
export interface SettleOptions {
  graceMs?: number;
  lookEveryMs?: number;
  signal?: AbortSignal;
}

const GRACE_MS = 15_000;
const LOOK_EVERY_MS = 500;

/**
 * As readFacts, but not amid a change: when somebody asked for more workers is written nowhere, so where some are missing it is looked
 * again until they are there, or one has just come, or the grace is over.
 */
export async function readSettledFacts(
  db: Executor,
  { graceMs = GRACE_MS, lookEveryMs = LOOK_EVERY_MS, signal, ...options }: SettleOptions & { pooled?: boolean } = {},
): Promise<Facts> {
  const endsAtMs = performance.now() + graceMs;
  for (;;) {
    const facts = await readFacts(db, options);
    if (!facts.nodes.some(isShortOfWorkers) || performance.now() >= endsAtMs || signal?.aborted) return facts;
    // Rejects when it is aborted, which the next look takes for the end.
    await wait(lookEveryMs, undefined, signal ? { signal } : {}).catch(() => {});
  }
}

/** The first sessions of a condition on `s`, as a JSON list of their ids. */
function ids(condition: string): string {
  return `coalesce((select jsonb_agg(id) from (
    select s.id from scraping_sessions s where ${condition} order by s.id desc limit ${LISTED}) found), '[]')`;
}
