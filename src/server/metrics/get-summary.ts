import type { ApiSourceMetrics, ApiSourceWindow, ApiSummary } from '#lib/api/worker.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { USUAL_SOURCES } from '#lib/scraper-config.ts';
import { cappedStates, countSessionsByStatus, toCapped } from '../sessions/count-sessions.ts';

/** Up to here leads are counted one by one; above, the planner's estimate is near enough and costs nothing. */
const LEADS_COUNTED = 100_000;

/**
 * The figures of the whole installation in one call. Of the sessions that are there, up to 10,000 of each state are counted;
 * `capped` names the states of which there are more.
 */
export async function getSummary(db: Executor, environment: string): Promise<ApiSummary> {
  const [counts, state, sources] = await Promise.all([countSessionsByStatus(db), readState(db), listSourceMetrics(db)]);
  const { pending, running, completed, failed, cancelled } = counts;
  const waiting = toCapped(state.waiting);
  return {
    now: state.now.toISOString(),
    environment,
    sessions: {
      pending: pending.count,
      running: running.count,
      completed: completed.count,
      failed: failed.count,
      cancelled: cancelled.count,
    },
    capped: cappedStates(counts),
    queue: { waiting: waiting.count, capped: waiting.capped, oldestWaitingMs: state.oldestWaitingMs },
    workers: { total: state.workersTotal, running: state.workersRunning },
    bots: { total: state.botsTotal },
    leads: { total: state.leadsTotal, demo: state.leadsDemo, newLast24h: countNew(state, sources) },
    sources,
  };
}

interface State {
  now: Date;
  waiting: number;
  oldestWaitingMs: number | null;
  workersTotal: number;
  workersRunning: number;
  botsTotal: number;
  leadsTotal: number;
  leadsDemo: number;
  /** LEADS_COUNTED + 1 stands for that many or more. */
  leadsNew: number;
}

async function readState(db: Executor): Promise<State> {
  const [state] = await db.query<State & Record<string, unknown>>(READ_STATE);
  if (!state) throw new Error('A statement without a table gave no row.');
  return state;
}

/**
 * "Waiting" is what could be claimed at once, since it can; what sleeps until its time is not late. New are the leads above the newest one
 * that is older than a day: ids grow with time, so a look reads no more of them than there are.
 */
const READ_STATE = `
with ready as (
  select coalesce(s.ready_at, s.created_at) as since from scraping_sessions s
  where s.status = 'pending' and s.wake_at is null limit 10001),
living as (
  select kind, status from worker_instances
  where status not in ('stopped', 'crashed') and lease_until >= clock_timestamp()),
counted as (select count(*) as total from (select from leads limit ${LEADS_COUNTED + 1}) as counted),
older as (
  select id from (select id, first_seen_at from leads order by id desc limit ${LEADS_COUNTED + 1}) as newest
  where first_seen_at <= clock_timestamp() - interval '24 hours' limit 1)
select clock_timestamp() as now,
  (select count(*) from ready) as waiting,
  (select floor(extract(epoch from clock_timestamp() - min(since)) * 1000)::float8 from ready) as "oldestWaitingMs",
  (select count(*) from living where kind = 'process') as "workersTotal",
  (select count(*) from living where kind = 'process' and status = 'running') as "workersRunning",
  (select count(*) from living where kind = 'bot') as "botsTotal",
  (select case when total <= ${LEADS_COUNTED} then total
     else greatest(total, (select reltuples::bigint from pg_class where oid = 'leads'::regclass)) end from counted) as "leadsTotal",
  (select count(*) from (select from leads where demo limit ${LEADS_COUNTED + 1}) as counted) as "leadsDemo",
  (select count(*) from (
    select from leads where id > coalesce((select id from older), 0) limit ${LEADS_COUNTED + 1}) as counted) as "leadsNew"`;

type WindowRow = Omit<ApiSourceWindow, 'successRate'> & { source: string; isLastHour: boolean };

/** Per source over the last hour and day, in one scan of the day. Sources without an attempt are there too. */
async function listSourceMetrics(db: Executor): Promise<ApiSourceMetrics[]> {
  const rows = await db.query<WindowRow & Record<string, unknown>>(SOURCE_METRICS);
  const names = new Set<string>([...USUAL_SOURCES, ...rows.map((row) => row.source)]);
  return [...names].map((source) => {
    const own = rows.filter((row) => row.source === source);
    return { source, lastHour: sumWindow(own.filter((row) => row.isLastHour)), last24h: sumWindow(own) };
  });
}

const SOURCE_METRICS = `
select source, timestamp > now() - interval '1 hour' as "isLastHour",
  count(*) as attempts,
  count(*) filter (where outcome = 'completed') as completed,
  count(*) filter (where outcome in ('retry', 'failed', 'timed_out', 'crashed')) as failed,
  coalesce(sum(leads_found), 0)::float8 as "leadsFound", coalesce(sum(leads_new), 0)::float8 as "leadsNew",
  coalesce(sum(requests_made), 0)::float8 as "requestsMade", coalesce(sum(requests_failed), 0)::float8 as "requestsFailed"
from scraper_metrics where timestamp > now() - interval '24 hours'
group by 1, 2`;

function sumWindow(rows: readonly WindowRow[]): ApiSourceWindow {
  const sum = (
    field: 'attempts' | 'completed' | 'failed' | 'leadsFound' | 'leadsNew' | 'requestsMade' | 'requestsFailed',
  ) => rows.reduce((total, row) => total + row[field], 0);
  const completed = sum('completed');
  const failed = sum('failed');
  return {
    attempts: sum('attempts'),
    completed,
    failed,
    successRate: completed + failed === 0 ? null : completed / (completed + failed),
    leadsFound: sum('leadsFound'),
    leadsNew: sum('leadsNew'),
    requestsMade: sum('requestsMade'),
    requestsFailed: sum('requestsFailed'),
  };
}

/**
 * The leads of the last day that are there, also those of sessions that still run. Above LEADS_COUNTED, what the attempts of the day
 * brought is near enough.
 */
function countNew({ leadsNew }: State, sources: readonly ApiSourceMetrics[]): number {
  if (leadsNew <= LEADS_COUNTED) return leadsNew;
  return Math.max(
    LEADS_COUNTED,
    sources.reduce((total, source) => total + source.last24h.leadsNew, 0),
  );
}
