import type { ApiClusterKpis, ApiClusterStatus, ApiNode } from '#lib/api/node.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { NODE_STATUSES, type NodeStatus } from '#lib/db/schema/vocabulary.ts';
import { listNodes } from '../nodes/list-nodes.ts';
import { cappedStates, countSessionsByStatus } from '../sessions/count-sessions.ts';

/** How all machines together are, in one call. It reads attempts of the last day, what ended badly and is kept, and counts to 10,000. */
export async function getClusterStatus(db: Executor): Promise<ApiClusterStatus> {
  const [items, counts, { now, ...kpis }] = await Promise.all([listNodes(db), countSessionsByStatus(db), readKpis(db)]);
  const { pending, running, completed, failed, cancelled } = counts;
  return {
    now: now.toISOString(),
    nodes: countNodes(items),
    work: {
      total: Object.values(counts).reduce((sum, { count }) => sum + count, 0),
      pending: pending.count,
      active: running.count,
      completed: completed.count,
      failed: failed.count,
      cancelled: cancelled.count,
      capped: cappedStates(counts).map((status) => (status === 'running' ? 'active' : status)),
    },
    kpis,
    items,
  };
}

function countNodes(nodes: readonly ApiNode[]): ApiClusterStatus['nodes'] {
  const countOf = (status: NodeStatus) => nodes.filter((node) => node.status === status).length;
  const [healthy, degraded, unhealthy, gone] = NODE_STATUSES.map(countOf);
  return {
    total: nodes.length,
    healthy: healthy ?? 0,
    degraded: degraded ?? 0,
    unhealthy: unhealthy ?? 0,
    gone: gone ?? 0,
  };
}

async function readKpis(db: Executor): Promise<ApiClusterKpis & { now: Date }> {
  const [row] = await db.query<ApiClusterKpis & { now: Date } & QueryRow>(READ_KPIS);
  if (!row) throw new Error('A statement without a table gave no row.');
  return row;
}

/**
 * One row of scraper_metrics is one ended claim. A session that completed has such a row of its own. One that ended otherwise may have
 * none, since it was cancelled while it waited, or one that only says how its last try ended: by a time-out, a crash or a cancel. Those
 * are counted as sessions, by the small index of what ended badly, as read-archive-days.ts does.
 */
const READ_KPIS = `
with ended as (
  select count(*) as claims,
    count(*) filter (where outcome = 'completed') as completed,
    count(*) filter (where outcome in ('completed', 'retry', 'failed', 'timed_out', 'crashed')) as judged,
    count(*) filter (where outcome in ('crashed', 'lost')) as dropped,
    count(*) filter (where outcome = 'completed' and timestamp > clock_timestamp() - interval '1 hour') as last_hour
  from scraper_metrics where timestamp > now() - interval '24 hours'),
unhappy as (
  select count(*) as sessions from scraping_sessions
  where status in ('failed', 'cancelled') and completed_at > now() - interval '24 hours'),
places as (
  select coalesce(sum(concurrency), 0) as total, coalesce(sum(least(active_sessions, concurrency)), 0) as used
  from worker_instances where status not in ('stopped', 'crashed') and lease_until >= clock_timestamp())
select clock_timestamp() as now, completed::float8 / nullif(completed + unhappy.sessions, 0) as "completionRate",
  completed::float8 / nullif(judged, 0) as "successRate", 1 - dropped::float8 / nullif(claims, 0) as "claimSuccessRate",
  used::float8 / nullif(total, 0) as utilisation, last_hour as "completedLastHour"
from ended, unhappy, places`;
