import type { Db, Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { HealthStore, type HealthStoreOptions } from './health-store.ts';
import { type Ban, type BanResult, banProxy, relaxBans } from './host-bans.ts';
import type { ProxyAddress } from './proxy-url.ts';

/** How to reach a proxy; its password is as it was encrypted. */
export interface SealedProxy extends Omit<ProxyAddress, 'password'> {
  id: number;
  passwordEncrypted: string | null;
}

/** A proxy that requests may go through. */
export interface UsableProxy extends SealedProxy {
  status: 'active' | 'testing';
  tier: number;
  maxInflight: number;
  successRate: number | null;
  avgResponseTimeMs: number | null;
}

/** A host that refuses a proxy, or did within the last day; then `remainingMs` is negative. */
export interface StoredBan {
  proxyId: number;
  hostKey: string;
  remainingMs: number;
}

export type ProxyCounts = Partial<Record<ProxyStatus, number>>;

/** What all workers know of proxies. */
export interface ProxyStore extends Pick<HealthStore, 'apply' | 'applyCheck' | 'claimChecks' | 'nextCheckInMs'> {
  /** All proxies that may be used, and who bans them. */
  listUsable(): Promise<{ proxies: UsableProxy[]; bans: StoredBan[] }>;
  /** One proxy, whatever its state; null when it is gone. */
  find(id: number): Promise<SealedProxy | null>;
  /** How many there are in each state. */
  count(): Promise<ProxyCounts>;
  /** See banProxy. */
  ban(ban: Ban): Promise<BanResult>;
  /** See relaxBans. */
  relaxBans(pairs: readonly { proxyId: number; hostKey: string }[]): Promise<void>;
}

const ADDRESS = 'id, protocol, host, port, username, password_encrypted as "passwordEncrypted"';

const LIST_USABLE = `
  select ${ADDRESS}, status, tier, max_inflight as "maxInflight", success_rate as "successRate",
    avg_response_time_ms as "avgResponseTimeMs"
  from proxy_pool where status in ('active', 'testing') order by id`;

const LIST_BANS = `
  select proxy_id as "proxyId", host_key as "hostKey",
    extract(epoch from until - clock_timestamp())::float8 * 1000 as "remainingMs"
  from proxy_host_bans where until > clock_timestamp() - interval '1 day'`;

/** In proxy_pool and proxy_host_bans. */
export class PgProxyStore extends HealthStore implements ProxyStore {
  readonly #db: Db;

  constructor(options: HealthStoreOptions) {
    super(options);
    this.#db = options.db;
  }

  async listUsable() {
    const proxies = await this.#db.query<UsableProxy & QueryRow>(LIST_USABLE);
    return { proxies, bans: await this.#db.query<StoredBan & QueryRow>(LIST_BANS) };
  }

  async find(id: number): Promise<SealedProxy | null> {
    const [row] = await this.#db.query<SealedProxy & QueryRow>(`select ${ADDRESS} from proxy_pool where id = $1`, [id]);
    return row ?? null;
  }

  count(): Promise<ProxyCounts> {
    return countProxies(this.#db);
  }

  ban(ban: Ban): Promise<BanResult> {
    return banProxy(this.#db, ban);
  }

  relaxBans(pairs: readonly { proxyId: number; hostKey: string }[]): Promise<void> {
    return relaxBans(this.#db, pairs);
  }
}

async function countProxies(db: Executor): Promise<ProxyCounts> {
  const rows = await db.query<{ status: ProxyStatus; count: number }>(
    'select status, count(*) from proxy_pool group by status',
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.count]));
}
