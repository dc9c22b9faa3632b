import type { ApiProxy } from '#lib/api-types.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { withIsoTimes } from '../with-iso-times.ts';

const PROXIES_MAX = 1_000;

/** The proxies and their health. User names and passwords never leave the database. */
export async function listProxies(db: Executor): Promise<ApiProxy[]> {
  const rows = await db.query(
    `select id, protocol, host, port, status, success_count as "successCount", failure_count as "failureCount",
       success_rate as "successRate", avg_response_time_ms as "avgResponseTimeMs", last_checked_at as "lastCheckedAt",
       last_used_at as "lastUsedAt", cooling_until as "coolingUntil", last_error as "lastError"
     from proxy_pool order by id limit ${PROXIES_MAX}`,
  );
  return rows.map((row) => withIsoTimes<ApiProxy>(row));
}
