import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { invariant } from '#lib/invariant.ts';
import { type ProxyAddress, parseProxyUrl } from './proxy-url.ts';
import { encryptSecret } from './secret-box.ts';

/** A proxy as people see it: its password goes in and never comes out. */
export interface Proxy extends Omit<ProxyAddress, 'password'> {
  id: number;
  hasPassword: boolean;
  status: ProxyStatus;
}

interface ProxyRow extends QueryRow {
  id: number;
  protocol: ProxyAddress['protocol'];
  host: string;
  port: number;
  username: string | null;
  has_password: boolean;
  status: ProxyStatus;
}

const COLUMNS = 'id, protocol, host, port, username, password_encrypted is not null as has_password, status';
const LISTED_MAX = 10_000;

/** The pool of proxies. A new one is `testing`, and no request goes through a proxy that was never found to work. */
export class ProxyManager {
  readonly #db: Executor;
  readonly #key: Buffer;

  /** `key`: 32 bytes that encrypt the passwords. */
  constructor(options: { db: Executor; key: Buffer }) {
    invariant(options.key.length === 32, 'the key of the proxy passwords has 32 bytes');
    this.#db = options.db;
    this.#key = options.key;
  }

  /**
   * Adds a proxy. One that is known already keeps its state; a password that is given replaces the old one.
   * @throws InvalidInputError when the address cannot be read.
   */
  async addProxy(url: string): Promise<Proxy> {
    const { protocol, host, port, username, password } = parseProxyUrl(url);
    const [row] = await this.#db.query<ProxyRow>(
      `insert into proxy_pool (protocol, host, port, username, password_encrypted) values ($1, $2, $3, $4, $5)
       on conflict (protocol, host, port, coalesce(username, '')) do update
         set password_encrypted = coalesce(excluded.password_encrypted, proxy_pool.password_encrypted)
       returning ${COLUMNS}`,
      [protocol, host, port, username, password === null ? null : encryptSecret(password, this.#key)],
    );
    invariant(row !== undefined, 'an upsert returns its row');
    return toProxy(row);
  }

  /** All proxies in the order they were added. */
  async listProxies(): Promise<Proxy[]> {
    const rows = await this.#db.query<ProxyRow>(`select ${COLUMNS} from proxy_pool order by id limit ${LISTED_MAX}`);
    return rows.map(toProxy);
  }
}

function toProxy(row: ProxyRow): Proxy {
  const { id, protocol, host, port, username, status } = row;
  return { id, protocol, host, port, username, status, hasPassword: row.has_password };
}
