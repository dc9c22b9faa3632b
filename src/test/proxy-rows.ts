import type { Executor } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';

/** Puts proxies into the pool as if they had been there for long: next check in an hour. @returns their ids. */
export async function insertProxies(
  db: Executor,
  count: number,
  change: { status?: ProxyStatus; tier?: number; maxInflight?: number } = {},
): Promise<number[]> {
  const { status = 'active', tier = 0, maxInflight = 4 } = change;
  const rows = await db.query<{ id: number }>(
    `insert into proxy_pool (protocol, host, port, status, tier, max_inflight, success_rate, avg_response_time_ms, next_check_at)
     select 'http', 'proxy-' || gen_random_uuid() || '.example.com', 8080, $2, $3, $4, 1, 100, now() + interval '1 hour'
     from generate_series(1, $1) returning id`,
    [count, status, tier, maxInflight],
  );
  return rows.map((row) => row.id);
}

/** How many proxies there are in each state, by the statement that the documents print. */
export async function countByStatus(db: Executor): Promise<Partial<Record<ProxyStatus, number>>> {
  const rows = await db.query<{ status: ProxyStatus; count: number }>(
    'SELECT status, COUNT(*) FROM proxy_pool GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}
