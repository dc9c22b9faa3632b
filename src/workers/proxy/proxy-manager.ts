import type { Db } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { createEventPublisher } from '../events.ts';
import { CHECK_INTERVAL_MS, type ProxyImport, ProxyPool, type StoredProxy } from './proxy-pool.ts';
import { PgProxyStore } from './proxy-store.ts';
import { SharedProxies, type SharedProxiesOptions } from './shared-proxies.ts';

export interface ProxyManagerOptions extends Omit<SharedProxiesOptions, 'store' | 'events'> {
  db: Db;
  /** Private `host:port` pairs that may be proxies. */
  allowAddresses?: readonly string[];
  /** Between two checks of an active proxy; default 5 min. */
  healthCheckIntervalMs?: number;
}

/** The pool of proxies with all that can be done to it: used, checked and edited. */
export class ProxyManager extends SharedProxies {
  readonly #pool: ProxyPool;

  constructor({ db, allowAddresses = [], healthCheckIntervalMs = CHECK_INTERVAL_MS, ...options }: ProxyManagerOptions) {
    const { random } = options;
    const store = new PgProxyStore({ db, checkIntervalMs: healthCheckIntervalMs, ...(random ? { random } : {}) });
    super({ ...options, store, events: createEventPublisher(db) });
    this.#pool = new ProxyPool({ db, key: options.key, checkIntervalMs: healthCheckIntervalMs, allowAddresses });
  }

  /**
   * Adds a proxy, or renews the password of one that is known.
   * @throws InvalidInputError when the address cannot be read or may not be asked, or its password cannot be encrypted.
   */
  async addProxy(url: string, tier?: number): Promise<StoredProxy> {
    const { isNew: _isNew, ...proxy } = await this.#pool.add(url, tier);
    this.noteEdit();
    return proxy;
  }

  /** Adds a list in any of the usual formats; lines that cannot be used are told. */
  async importProxies(text: string, tier?: number): Promise<ProxyImport> {
    const result = await this.#pool.addList(text, tier);
    this.noteEdit();
    return result;
  }

  /** @returns false when there is none with this id. */
  async removeProxy(id: number): Promise<boolean> {
    const removed = await this.#pool.remove(id);
    this.noteEdit();
    return removed;
  }

  /** @returns false when there is none with this id. */
  async setTier(id: number, tier: number): Promise<boolean> {
    const changed = await this.#pool.setTier(id, tier);
    this.noteEdit();
    return changed;
  }

  /** @returns its state, or null when there is none with this id; so do enableProxy and checkNow. */
  async disableProxy(id: number): Promise<ProxyStatus | null> {
    const status = await this.#pool.disable(id);
    this.noteEdit();
    return status;
  }

  async enableProxy(id: number): Promise<ProxyStatus | null> {
    const status = await this.#pool.enable(id);
    this.noteEdit();
    return status;
  }

  async checkNow(id: number): Promise<ProxyStatus | null> {
    const status = await this.#pool.checkNow(id);
    this.noteEdit();
    return status;
  }
}
