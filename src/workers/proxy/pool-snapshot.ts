import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import type { PasswordSafe } from './password-safe.ts';
import type { ProxyAddress, ProxyEndpoint } from './proxy-url.ts';

/** A proxy that requests may go through, as it was a few seconds ago. */
export interface PooledProxy {
  endpoint: ProxyEndpoint;
  status: 'active' | 'testing';
  tier: number;
  maxInflight: number;
  successRate: number | null;
  avgResponseTimeMs: number | null;
}

/** A host that refuses a proxy, or did within the last day. Times by `performance.now()`. */
export interface KnownBan {
  untilMs: number;
}

export interface PoolSnapshot {
  proxies: Map<number, PooledProxy>;
  /** By banKey(). */
  bans: Map<string, KnownBan>;
  /** Proxies whose password this machine cannot read. */
  unreadable: number;
}

interface UsableRow extends QueryRow {
  id: number;
  protocol: ProxyAddress['protocol'];
  host: string;
  port: number;
  username: string | null;
  password_encrypted: string | null;
  status: 'active' | 'testing';
  tier: number;
  max_inflight: number;
  success_rate: number | null;
  avg_response_time_ms: number | null;
}

export const banKey = (proxyId: number, hostKey: string) => `${proxyId} ${hostKey}`;

/** Reads all proxies that may be used, with their passwords, and who bans them. */
export async function readPool(db: Executor, passwords: PasswordSafe): Promise<PoolSnapshot> {
  const rows = await db.query<UsableRow>(
    `select id, protocol, host, port, username, password_encrypted, status, tier, max_inflight, success_rate, avg_response_time_ms
     from proxy_pool where status in ('active', 'testing') order by id`,
  );
  const bans = await db.query<{ proxy_id: number; host_key: string; remaining_ms: number }>(
    `select proxy_id, host_key, extract(epoch from until - clock_timestamp())::float8 * 1000 as remaining_ms
     from proxy_host_bans where until > clock_timestamp() - interval '1 day'`,
  );
  const nowMs = performance.now();
  const proxies = rows.flatMap((row): [number, PooledProxy][] => {
    const password = passwords.open(row.password_encrypted);
    return password.kind === 'unreadable' ? [] : [[row.id, toPooled(row, password.text)]];
  });
  passwords.keepOnly(rows.map((row) => row.password_encrypted));
  return {
    proxies: new Map(proxies),
    bans: new Map(bans.map((ban) => [banKey(ban.proxy_id, ban.host_key), { untilMs: nowMs + ban.remaining_ms }])),
    unreadable: rows.length - proxies.length,
  };
}

/** One proxy with its password, whatever its state; null when it is gone or its password cannot be read here. */
export async function readEndpoint(db: Executor, passwords: PasswordSafe, id: number): Promise<ProxyEndpoint | null> {
  const [row] = await db.query<UsableRow>(
    'select id, protocol, host, port, username, password_encrypted from proxy_pool where id = $1',
    [id],
  );
  const password = passwords.open(row?.password_encrypted ?? null);
  return row === undefined || password.kind === 'unreadable' ? null : toEndpoint(row, password.text);
}

/** How many proxies there are in each state. */
export async function countProxies(db: Executor): Promise<Partial<Record<ProxyStatus, number>>> {
  const rows = await db.query<{ status: ProxyStatus; count: number }>(
    'select status, count(*) from proxy_pool group by status',
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.count]));
}

function toPooled(row: UsableRow, password: string | null): PooledProxy {
  return {
    endpoint: toEndpoint(row, password),
    status: row.status,
    tier: row.tier,
    maxInflight: row.max_inflight,
    successRate: row.success_rate,
    avgResponseTimeMs: row.avg_response_time_ms,
  };
}

function toEndpoint(row: UsableRow, password: string | null): ProxyEndpoint {
  const { id, protocol, host, port, username } = row;
  return { id, protocol, host, port, username, password };
}
