import type { Logger } from '#lib/logger.ts';
import { deriveKey } from '#lib/secret-key.ts';
import type { EventPublisher } from '../events.ts';
import { HealthChecker } from './health-checker.ts';
import type { HealthChange } from './health-store.ts';
import { PasswordSafe } from './password-safe.ts';
import { PoolView } from './pool-view.ts';
import type { SendCheck } from './proxy-check.ts';
import type { ProxyEvent } from './proxy-health.ts';
import { ProxyRouter } from './proxy-router.ts';
import type { ProxyLease, ProxyRequest, ProxyRoutes } from './proxy-routes.ts';
import type { ProxyStore } from './proxy-store.ts';
import { UseLedger } from './use-ledger.ts';

export interface SharedProxiesOptions {
  store: ProxyStore;
  events: EventPublisher;
  /** The secret key that all processes share, 32 bytes; null: proxies with passwords cannot be used here, nor any checked. */
  key: Buffer | null;
  /** How proxies are checked; without it startHealthChecks() does nothing. */
  check?: { send: SendCheck; echoUrl: string };
  /** How long uses are collected before they are written; default 2 s. */
  flushIntervalMs?: number;
  logger: Logger;
  /** From 0 up to, not including, 1. */
  random?: () => number;
}

const FLUSH_INTERVAL_MS = 2_000;

/**
 * The pool of proxies as one process uses it: picks proxies for requests, learns from how they went, checks those that are
 * due. Everything learnt is shared through the store; any number of processes may do this at once.
 */
export class SharedProxies implements ProxyRoutes {
  readonly #store: ProxyStore;
  readonly #logger: Logger;
  readonly #events: EventPublisher;
  readonly #view: PoolView;
  readonly #ledger: UseLedger;
  readonly #router: ProxyRouter;
  readonly #checker: HealthChecker | null;
  readonly #servedAgain: { proxyId: number; hostKey: string }[] = [];

  constructor(options: SharedProxiesOptions) {
    const { store, key, logger } = options;
    const passwords = new PasswordSafe(key);
    this.#store = store;
    this.#logger = logger;
    this.#events = options.events;
    this.#view = new PoolView(store, passwords);
    this.#ledger = new UseLedger({
      write: (uses) => this.#write(uses),
      intervalMs: options.flushIntervalMs ?? FLUSH_INTERVAL_MS,
      onTrouble: (error) =>
        logger.debug({ err: error }, 'What was learnt of proxies could not be written; trying again'),
    });
    this.#router = new ProxyRouter({
      store,
      view: this.#view,
      ledger: this.#ledger,
      onServedAgain: (proxyId, hostKey) => this.#servedAgain.push({ proxyId, hostKey }),
      onBan: (result, ban) => this.#onBan(result.kind, ban),
      missingForChecks: key === null ? 'EKO_SECRET_KEY' : options.check === undefined ? 'EKO_ECHO_URL' : null,
      logger,
      ...(options.random ? { random: options.random } : {}),
    });
    this.#checker = this.#createChecker(options, passwords);
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

  /** Gives up checks under way and writes what was learnt. The store must still be there. */
  async stop(): Promise<void> {
    await this.#checker?.stop();
    await this.#ledger.close();
    await this.#events.close();
  }

  /** The pool was edited in this process. */
  protected noteEdit(): void {
    this.#view.markOutdated();
    this.#events.publish(['proxies']);
    this.nudge();
  }

  #createChecker(options: SharedProxiesOptions, passwords: PasswordSafe): HealthChecker | null {
    const { key, check, store, logger } = options;
    if (key === null || check === undefined) return null;
    return new HealthChecker({
      store,
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
      await this.#store.relaxBans(served);
      this.#view.markOutdated();
    } catch (error) {
      // The uses are written and must not be again; these pairs may be.
      this.#servedAgain.push(...served);
      this.#logger.debug({ err: error }, 'Bans that are over could not be relaxed; trying again');
    }
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
