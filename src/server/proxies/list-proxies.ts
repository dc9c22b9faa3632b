import { z } from 'zod';
import type { ApiProxy, ApiProxyPage } from '#lib/api/proxy.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { PROXY_STATUSES, type ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { type PageRequest, toPage } from '../parse-page.ts';
import { queryText, queryWords } from '../parse-query.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { withIsoTimes } from '../with-iso-times.ts';

export const proxyFilterSchema = z.strictObject({
  status: queryWords(PROXY_STATUSES).optional(),
  /** Any part of host, port, user name, exit address or last error, in any case. */
  text: queryText().optional(),
});

export type ProxyFilter = z.output<typeof proxyFilterSchema>;

/** Everything about a proxy but its password, which never leaves the database. */
const PROXY_COLUMNS = `p.id, p.protocol, p.host, p.port, p.username, p.password_encrypted is not null as "hasPassword", p.status, p.tier,
  p.max_inflight as "maxInflight", p.success_count as "successCount", p.failure_count as "failureCount",
  p.success_rate as "successRate", p.avg_response_time_ms as "avgResponseTimeMs", p.last_checked_at as "lastCheckedAt",
  p.last_used_at as "lastUsedAt", p.cooling_until as "coolingUntil", p.last_error as "lastError",
  p.exit_address as "exitAddress", p.header_leaks as "headerLeaks",
  (select count(*) from proxy_pool other where other.exit_address = p.exit_address and other.id <> p.id) as "sharesExitWith",
  (select coalesce(jsonb_agg(jsonb_build_object(
       'hostKey', b.host_key, 'until', to_char(b.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'reason', b.reason)
     order by b.until desc), '[]')
   from proxy_host_bans b where b.proxy_id = p.id and b.until > clock_timestamp()) as bans`;

/** The proxies and their health in the order they were added, and how many there are in each state. */
export async function listProxies(db: Executor, filter: ProxyFilter, page: PageRequest): Promise<ApiProxyPage> {
  const where = new SqlConditions()
    .add('p.status = any(?)', filter.status)
    .add(
      `strpos(lower(concat_ws(' ', p.protocol || '://' || p.host || ':' || p.port, p.username, p.exit_address, p.last_error)), lower(?)) > 0`,
      filter.text,
    )
    .add('p.id > ?', page.after);
  const [rows, counts] = await Promise.all([
    db.query(
      `select ${PROXY_COLUMNS} from proxy_pool p where ${where} order by p.id limit ${where.bind(page.limit + 1)}`,
      where.values,
    ),
    countProxies(db),
  ]);
  const items = rows.map((row) => withIsoTimes<ApiProxy>(row));
  return { ...toPage(items, page.limit), counts };
}

/** One proxy; null when there is none with this id. */
export async function findProxy(db: Executor, id: number): Promise<ApiProxy | null> {
  const [row] = await db.query(`select ${PROXY_COLUMNS} from proxy_pool p where p.id = $1`, [id]);
  return row === undefined ? null : withIsoTimes<ApiProxy>(row);
}

async function countProxies(db: Executor): Promise<Record<ProxyStatus, number>> {
  const rows = await db.query<{ status: ProxyStatus; count: number }>(
    'select status, count(*) from proxy_pool group by status',
  );
  const countOf = (status: ProxyStatus) => rows.find((row) => row.status === status)?.count ?? 0;
  return {
    testing: countOf('testing'),
    active: countOf('active'),
    cooling: countOf('cooling'),
    failed: countOf('failed'),
    disabled: countOf('disabled'),
  };
}
