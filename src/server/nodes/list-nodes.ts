import type { ApiNode } from '#lib/api/node.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { SILENT_NODE_REASON } from '#lib/db/schema/vocabulary.ts';
import { withIsoTimes } from '../with-iso-times.ts';

const NODES_MAX = 1_000;

/** Silent ones leave the list after this time, or after three leases; src/workers/nodes/node-store.ts deletes their rows then. */
const SHOWN_MS = 5 * 60_000;

/**
 * The machines with a manager, those in trouble first. One that has been silent for two leases is shown as gone, whatever it
 * last said of itself.
 * @param nodeId Only this one, however long it has been silent.
 */
export async function listNodes(db: Executor, nodeId: string | null = null): Promise<ApiNode[]> {
  const rows = await db.query(LIST_NODES, [SHOWN_MS, nodeId]);
  return rows.map((row) => withIsoTimes<ApiNode>(row));
}

const LIST_NODES = `
with seen as (
  select n.*, n.status <> 'gone' and n.last_seen_at < clock_timestamp() - make_interval(secs => 2 * n.lease_ms / 1000.0) as is_silent
  from nodes n
  where case when $2::text is null
    then n.last_seen_at > clock_timestamp() - make_interval(secs => greatest($1::float8, 3.0 * n.lease_ms) / 1000.0)
    else n.node_id = $2 end),
judged as (
  select s.*, case when is_silent then 'gone' else status end as shown_status from seen s)
select node_id as "nodeId", hostname, manager_pid as "managerPid", version, shown_status as status,
  case when is_silent then array['${SILENT_NODE_REASON}'] else status_reasons end as "statusReasons",
  case when is_silent then last_seen_at else status_since end as "statusSince", mode, configured_workers as "configuredWorkers",
  case when mode = 'draining' then 0 else coalesce(desired_workers, configured_workers) end as "desiredWorkers",
  desired_workers is not null and desired_workers <> configured_workers as scaled,
  case when is_silent then 0 else active_workers end as "activeWorkers",
  case when is_silent then 0 else active_sessions end as "activeWork", 0 as "pendingWork", concurrency,
  case when shown_status <> 'gone' then cpu_percent end as "cpuPercent",
  case when shown_status <> 'gone' then memory_percent end as "memoryPercent",
  case when shown_status <> 'gone' then disk_percent end as "diskPercent", cpu_count as "cpuCount",
  memory_limit_mb as "memoryLimitMb", errors, warnings, started_at as "startedAt", last_seen_at as "lastSeenAt"
from judged
order by array_position(array['unhealthy', 'degraded', 'healthy', 'gone'], shown_status), node_id
limit ${NODES_MAX}`;
