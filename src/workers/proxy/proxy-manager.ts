import type { Db } from '#lib/db/create-db.ts';
import type { ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import type { Logger } from '#lib/logger.ts';
import { deriveKey } from '#lib/secret-key.ts';
import { createEventPublisher, type EventPublisher } from '../events.ts';
import { HealthChecker } from './health-checker.ts';
import { type HealthChange, HealthStore } from './health-store.ts';
import { relaxBans } from './host-bans.ts';
import { PasswordSafe } from './password-safe.ts';
import { PoolView } from './pool-view.ts';
import type { SendCheck } from './proxy-check.ts';
import type { ProxyEvent } from './proxy-health.ts';
import { CHECK_INTERVAL_MS, type ProxyImport, ProxyPool, type StoredProxy } from './proxy-pool.ts';
import { ProxyRouter } from './proxy-router.ts';
import type { ProxyLease, ProxyRequest, ProxyRoutes } from './proxy-routes.ts';
import { UseLedger } from './use-ledger.ts';

export interface ProxyManagerOptions {
  db: Db;
  /** The secret key that all processes share, 32 bytes; null: proxies with passwords cannot be used here, nor any checked. */
  key: Buffer | null;
  /** How proxies are checked; without it startHealthChecks() does nothing. */
  check?: { send: SendCheck; echoUrl: string };
  /** Private `host:port` pairs that may be proxies. */
  allowAddresses?: readonly string[];
  /** Between two checks of an active proxy; default 5 min. */
  healthCheckIntervalMs?: number;
  /** How long uses are collected before they are written; default 2 s. */
  flushIntervalMs?: number;
  logger: Logger;
  /** From 0 up to, not including, 1. */
  random?: () => number;
}

const FLUSH_INTERVAL_MS = 2_000;

/**
 * The pool of proxies as one process sees it: picks proxies for requests, learns from how they went, checks those that are
 * due. Everything learnt is shared through the database; any number of processes may do this at once.
 */
export class ProxyManager implements ProxyRoutes {
  readonly #db: Db;
  readonly #logger: Logger;
  readonly #events: EventPublisher;
  readonly #pool: ProxyPool;
  readonly #view: PoolView;
  readonly #store: HealthStore;
  readonly #ledger: UseLedger;
  readonly #router: ProxyRouter;
  readonly #checker: HealthChecker | null;
  readonly #servedAgain: { proxyId: number; hostKey: string }[] = [];

  constructor(options: ProxyManagerOptions) {
    const { db, key, logger } = options;
    const checkIntervalMs = options.healthCheckIntervalMs ?? CHECK_INTERVAL_MS;
    const random = options.random ? { random: options.random } : {};
    const passwords = new PasswordSafe(key);
    this.#db = db;
    this.#logger = logger;
    this.#events = createEventPublisher(db);
    this.#view = new PoolView(db, passwords);
    this.#store = new HealthStore({ db, checkIntervalMs, ...random });
    this.#pool = new ProxyPool({ db, key, checkIntervalMs, allowAddresses: options.allowAddresses ?? [] });
    this.#ledger = new UseLedger({
      write: (uses) => this.#write(uses),
      intervalMs: options.flushIntervalMs ?? FLUSH_INTERVAL_MS,
      onTrouble: (error) =>
        logger.debug({ err: error }, 'What was learnt of proxies could not be written; trying again'),
    });
    this.#router = new ProxyRouter({
      db,
      view: this.#view,
      ledger: this.#ledger,
      onServedAgain: (proxyId, hostKey) => this.#servedAgain.push({ proxyId, hostKey }),
      onBan: (result, ban) => this.#onBan(result.kind, ban),
      hasKey: passwords.hasKey,
      logger,
      ...random,
    });
    this.#checker = this.#createChecker(options, passwords);
  }

  /**
   * Adds a proxy, or renews the password of one that is known.
   * @throws InvalidInputError when the address cannot be read or may not be asked, or its password cannot be encrypted.
   */
  async addProxy(url: string, tier?: number): Promise<StoredProxy> {
    const { isNew: _isNew, ...proxy } = await this.#pool.add(url, tier);
    this.#onEdit();
    return proxy;
  }

  /** Adds a list in any of the usual formats; lines that cannot be used are told. */
  async importProxies(text: string, tier?: number): Promise<ProxyImport> {
    const result = await this.#pool.addList(text, tier);
    this.#onEdit();
    return result;
  }

  /** @returns false when there is none with this id. */
  async removeProxy(id: number): Promise<boolean> {
    const removed = await this.#pool.remove(id);
    this.#onEdit();
    return removed;
  }

  /** @returns false when there is none with this id. */
  async setTier(id: number, tier: number): Promise<boolean> {
    const changed = await this.#pool.setTier(id, tier);
    this.#onEdit();
    return changed;
  }

  /** @returns its state, or null when there is none with this id; so do enableProxy and checkNow. */
  async disableProxy(id: number): Promise<ProxyStatus | null> {
    const status = await this.#pool.disable(id);
    this.#onEdit();
    return status;
  }

  async enableProxy(id: number): Promise<ProxyStatus | null> {
    const status = await this.#pool.enable(id);
    this.#onEdit();
    return status;
  }

  async checkNow(id: number): Promise<ProxyStatus | null> {
    const status = await this.#pool.checkNow(id);
    this.#onEdit();
    return status;
  }

  acquire(request: ProxyRequest): Promise<ProxyLease> {
    return this.#router.acquire(request);
  }

  /** Checks what is due, from now on until stop(). */
  startHealthChecks(): void {
    if (this.#checker === null) {
      this.#logger.debug('This process checks no proxies: it has no EKO_SECRET_KEY, or no way to send checks');
    }
    this.#checker?.start();
  }

  /** A check may be due that was not a moment ago. */
  nudge(): void {
    this.#checker?.nudge();
  }

  /** Gives up checks under way and writes what was learnt. The database must still be there. */
  async stop(): Promise<void> {
    await this.#checker?.stop();
    await this.#ledger.close();
    await this.#events.close();
  }

  #createChecker(options: ProxyManagerOptions, passwords: PasswordSafe): HealthChecker | null {
    const { key, check, db, logger } = options;
    if (key === null || check === undefined) return null;
    return new HealthChecker({
      db,
      store: this.#store,
      passwords,
      echo: { send: check.send, url: check.echoUrl, key: deriveKey(key, 'echo-signature') },
      onChange: (changes) => {
        this.#onChange(changes);
        if (changes.length > 0) this.#events.publish(['proxies']);
      },
      logger,
    });
  }

  async #write(uses: ReadonlyMap<number, readonly ProxyEvent[]>): Promise<void> {
    this.#onChange(await this.#store.apply(uses));
    const served = this.#servedAgain.splice(0);
    if (served.length === 0) return;
    try {
      await relaxBans(this.#db, served);
      this.#view.markOutdated();
    } catch (error) {
      // The uses are written and must not be again; these pairs may be.
      this.#servedAgain.push(...served);
      this.#logger.debug({ err: error }, 'Bans that are over could not be relaxed; trying again');
    }
  }

  #onEdit(): void {
    this.#view.markOutdated();
    this.#events.publish(['proxies']);
    this.nudge();
  }

  #onChange(changes: readonly HealthChange[]): void {
    const moved = changes.filter(({ before, after }) => before !== after);
    if (moved.length === 0) return;
    this.#view.markOutdated();
    this.#events.publish(['proxies']);
    for (const { id, before, after } of moved)
      this.#logger.info({ proxyId: id, before, after }, 'A proxy changed its state');
  }

  #onBan(kind: 'banned' | 'host-paused' | 'gone', ban: { proxyId: number; hostKey: string }): void {
    this.#view.markOutdated();
    this.#events.publish(kind === 'host-paused' ? ['proxies', 'hosts'] : ['proxies']);
    if (kind === 'host-paused') {
      this.#logger.warn(
        { hostKey: ban.hostKey },
        'The host refuses one proxy after the other: it is left alone, not the proxies',
      );
    }
  }
}
