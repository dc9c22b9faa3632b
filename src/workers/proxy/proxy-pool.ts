import type { Db, QueryRow } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { InvalidInputError } from '#lib/errors.ts';
import { invariant } from '#lib/invariant.ts';
import { checkUrl, isListed } from '#lib/net/address-guard.ts';
import { HealthStore } from './health-store.ts';
import { PasswordSafe } from './password-safe.ts';
import type { ProxyEvent } from './proxy-health.ts';
import { type ProxyListProblem, parseProxyList } from './proxy-list.ts';
import { type ProxyAddress, parseProxyUrl } from './proxy-url.ts';

/** A proxy as people see it: its password goes in and never comes out. */
export interface StoredProxy extends Omit<ProxyAddress, 'password'> {
  id: number;
  hasPassword: boolean;
  status: ProxyStatus;
  tier: number;
}

export interface ProxyImport {
  added: number;
  /** Lines that name a proxy that was there already; their passwords replace the old ones. */
  known: number;
  problems: ProxyListProblem[];
}

export interface ProxyPoolOptions {
  db: Db;
  /** The secret key that all processes share, 32 bytes; null: proxies with passwords cannot be added. */
  key: Buffer | null;
  /** Private `host:port` pairs that may be proxies. */
  allowAddresses?: readonly string[];
  /** Between two checks of an active proxy. */
  checkIntervalMs?: number;
}

/** The default of healthCheckInterval. */
export const CHECK_INTERVAL_MS = 5 * 60_000;

interface StoredRow extends QueryRow {
  id: number;
  protocol: ProxyAddress['protocol'];
  host: string;
  port: number;
  username: string | null;
  has_password: boolean;
  status: ProxyStatus;
  tier: number;
  is_new: boolean;
}

/**
 * The pool as people change it. A new proxy is `testing`: no request goes through one that was never found to work, unless its
 * source says so.
 */
export class ProxyPool {
  readonly #db: Db;
  readonly #passwords: PasswordSafe;
  readonly #allowAddresses: readonly string[];
  readonly #store: HealthStore;

  constructor(options: ProxyPoolOptions) {
    this.#db = options.db;
    this.#passwords = new PasswordSafe(options.key);
    this.#allowAddresses = options.allowAddresses ?? [];
    this.#store = new HealthStore({ db: options.db, checkIntervalMs: options.checkIntervalMs ?? CHECK_INTERVAL_MS });
  }

  /**
   * Adds a proxy. One that is known already keeps its state; a password or tier that is given replaces the old one, and a new
   * password is tried at once.
   * @throws InvalidInputError when the address cannot be read or may not be asked, or its password cannot be encrypted.
   */
  async add(url: string, tier?: number): Promise<StoredProxy & { isNew: boolean }> {
    const address = parseProxyUrl(url);
    const problem = this.#problemOf(address);
    if (problem !== null)
      throw new InvalidInputError(`The proxy "${nameOf(address)}" ${problem}`, { context: { field: 'url' } });
    const [row] = await this.#save([address], tier);
    invariant(row !== undefined, 'an upsert returns its row');
    return { ...toProxy(row), isNew: row.is_new };
  }

  /** Adds a list, one proxy a line in any of the usual formats (proxy-list.ts). Lines that cannot be used are told, not thrown. */
  async addList(text: string, tier?: number): Promise<ProxyImport> {
    const { proxies, problems } = parseProxyList(text);
    const refused = proxies.flatMap(({ line, address }) => {
      const problem = this.#problemOf(address);
      return problem === null ? [] : [{ line, problem: `The proxy "${nameOf(address)}" ${problem}` }];
    });
    const usable = proxies.filter(({ address }) => this.#problemOf(address) === null).map(({ address }) => address);
    const rows = await this.#save(withoutRepeats(usable), tier);
    const added = rows.filter((row) => row.is_new).length;
    return {
      added,
      known: usable.length - added,
      problems: [...problems, ...refused].sort((a, b) => a.line - b.line),
    };
  }

  /** @returns false when there is none with this id; its bans go with it. */
  async remove(id: number): Promise<boolean> {
    const rows = await this.#db.query('delete from proxy_pool where id = $1 returning id', [id]);
    return rows.length > 0;
  }

  /** Lower tiers are preferred. @returns false when there is none with this id. */
  async setTier(id: number, tier: number): Promise<boolean> {
    const rows = await this.#db.query('update proxy_pool set tier = $2 where id = $1 returning id', [id, tier]);
    return rows.length > 0;
  }

  /** No request goes through it until it is enabled. @returns its state, or null when there is none with this id. */
  disable(id: number): Promise<ProxyStatus | null> {
    return this.#apply(id, { kind: 'disabled' });
  }

  /** Starts it afresh, unless it is in use. @returns its state, or null when there is none with this id. */
  enable(id: number): Promise<ProxyStatus | null> {
    return this.#apply(id, { kind: 'enabled' });
  }

  /** It is checked as soon as a worker sees it; a disabled one is left alone. @returns its state, or null when there is none. */
  checkNow(id: number): Promise<ProxyStatus | null> {
    return this.#apply(id, { kind: 'check-wanted' });
  }

  async #apply(id: number, event: ProxyEvent): Promise<ProxyStatus | null> {
    const [change] = await this.#store.apply(new Map([[id, [event]]]));
    return change?.after ?? null;
  }

  /** Why an address cannot be in the pool; null when it can. */
  #problemOf(address: ProxyAddress): string | null {
    if (address.password !== null && !this.#passwords.hasKey) {
      return 'has a password, which cannot be stored: EKO_SECRET_KEY is not set';
    }
    if (isListed(address.host, address.port, this.#allowAddresses)) return null;
    const verdict = checkUrl(`http://${address.host}/`);
    return verdict.ok
      ? null
      : `may not be used: ${verdict.reason}. EKO_ALLOW_ADDRESSES lets single host:port pairs through`;
  }

  async #save(addresses: readonly ProxyAddress[], tier: number | undefined): Promise<StoredRow[]> {
    if (addresses.length === 0) return [];
    const values = addresses.map(({ password, ...address }) => ({
      ...address,
      sealed: password === null ? null : this.#passwords.seal(password),
    }));
    const rows = await this.#db.query<StoredRow>(
      `insert into proxy_pool as p (protocol, host, port, username, password_encrypted, tier)
       select protocol, host, port, username, sealed, coalesce($2, 0)
       from jsonb_to_recordset($1::jsonb) as n (protocol text, host text, port integer, username text, sealed text)
       on conflict (protocol, host, port, coalesce(username, '')) do update set
         password_encrypted = coalesce(excluded.password_encrypted, p.password_encrypted),
         tier = coalesce($2, p.tier)
       returning id, protocol, host, port, username, password_encrypted is not null as has_password, status, tier,
         -- The row was not there before this statement.
         xmax = 0 as is_new`,
      [JSON.stringify(values), tier ?? null],
    );
    const renewed = rows.filter((row) => !row.is_new && row.has_password).map((row) => row.id);
    await this.#store.apply(new Map(renewed.map((id) => [id, [{ kind: 'check-wanted' }]])));
    return rows;
  }
}

function toProxy(row: StoredRow): StoredProxy {
  const { id, protocol, host, port, username, status, tier } = row;
  return { id, protocol, host, port, username, hasPassword: row.has_password, status, tier };
}

function nameOf({ protocol, host, port }: ProxyAddress): string {
  return `${protocol}://${host}:${port}`;
}

/** Of several lines for one proxy the last one counts. */
function withoutRepeats(addresses: readonly ProxyAddress[]): ProxyAddress[] {
  const byName = new Map(addresses.map((address) => [`${nameOf(address)} ${address.username ?? ''}`, address]));
  return [...byName.values()];
}
