import type { Logger } from '#lib/logger.ts';
import { chooseProxy } from './choose-proxy.ts';
import type { BanResult } from './host-bans.ts';
import { noProxyError, type Shortage } from './no-proxy.ts';
import { banKey, type PooledProxy, type PoolSnapshot } from './pool-snapshot.ts';
import type { PoolView } from './pool-view.ts';
import type { ProxyLease, ProxyRequest, ProxyRoutes, ProxyUse } from './proxy-routes.ts';
import type { ProxyStore } from './proxy-store.ts';
import { StickyMap } from './sticky-map.ts';
import type { UseLedger } from './use-ledger.ts';

export interface ProxyRouterOptions {
  store: Pick<ProxyStore, 'ban' | 'count'>;
  view: PoolView;
  ledger: UseLedger;
  /** Told when a host served a proxy that it refused before. */
  onServedAgain: (proxyId: number, hostKey: string) => void;
  onBan: (result: BanResult, ban: { proxyId: number; hostKey: string }) => void;
  /** The setting without which this machine checks no proxies; for the message when there is none. */
  missingForChecks: Shortage['missingForChecks'];
  logger: Logger;
  /** From 0 up to, not including, 1. */
  random?: () => number;
}

/** A ban that could not be written holds as long as a first one. */
const UNWRITTEN_BAN_MS = 10 * 60_000;

/** So many faults of one proxy in a row, and the others hear of it at once. */
const FAULTS_TO_TELL = 3;

type Ineligible = 'banned' | 'busy' | 'avoided' | 'aboveTier' | 'unchecked';

/**
 * Picks proxies for requests and learns from how they went. The limit of requests under way and the taking of turns are this
 * process's; states and bans are shared by all workers.
 */
export class ProxyRouter implements ProxyRoutes {
  readonly #options: ProxyRouterOptions;
  readonly #random: () => number;
  readonly #sticky = new StickyMap();
  readonly #inFlight = new Map<number, number>();
  readonly #lastPickedAt = new Map<number, number>();
  readonly #faults = new Map<number, number>();
  /** Until when bans hold here that could not be written; by banKey(), in ms of performance.now(). */
  readonly #unwrittenBans = new Map<string, number>();
  #picks = 0;

  constructor(options: ProxyRouterOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  async acquire(request: ProxyRequest): Promise<ProxyLease> {
    const snapshot = await this.#options.view.get();
    const kept = snapshot.proxies.get(this.#sticky.find(request.stickyKey) ?? 0);
    const whyNotKept = kept ? this.#whyNot(kept, request, snapshot) : 'gone';
    if (kept && whyNotKept === null) return this.#lease(kept, request, snapshot);
    const chosen = chooseProxy(
      this.#listUsable(request, snapshot).map((pooled) => ({
        ...pooled,
        id: pooled.endpoint.id,
        lastPickedAt: this.#lastPickedAt.get(pooled.endpoint.id) ?? 0,
      })),
      this.#random,
    );
    if (chosen === null) throw noProxyError(await this.#explain(request, snapshot));
    if (whyNotKept !== 'busy') this.#sticky.keep(request.stickyKey, chosen.id);
    return this.#lease(chosen, request, snapshot);
  }

  /** A small pool may have no other proxy than the one to be avoided; trying it again beats waiting for one that never comes. */
  #listUsable(request: ProxyRequest, snapshot: PoolSnapshot): PooledProxy[] {
    const usableFor = (wanted: ProxyRequest) =>
      [...snapshot.proxies.values()].filter((pooled) => this.#whyNot(pooled, wanted, snapshot) === null);
    const others = usableFor(request);
    return others.length > 0 || request.avoid.length === 0 ? others : usableFor({ ...request, avoid: [] });
  }

  /** Null when it may be used. */
  #whyNot(pooled: PooledProxy, request: ProxyRequest, snapshot: PoolSnapshot): Ineligible | null {
    const { id } = pooled.endpoint;
    const key = banKey(id, request.hostKey);
    if (pooled.status !== 'active' && !request.uncheckedToo) return 'unchecked';
    if (pooled.tier > request.maxTier) return 'aboveTier';
    const bannedUntilMs = Math.max(snapshot.bans.get(key)?.untilMs ?? 0, this.#unwrittenBans.get(key) ?? 0);
    if (bannedUntilMs > performance.now()) return 'banned';
    if (request.avoid.includes(id)) return 'avoided';
    return (this.#inFlight.get(id) ?? 0) >= pooled.maxInflight ? 'busy' : null;
  }

  #lease(pooled: PooledProxy, request: ProxyRequest, snapshot: PoolSnapshot): ProxyLease {
    const { endpoint } = pooled;
    const wasBanned = snapshot.bans.has(banKey(endpoint.id, request.hostKey));
    this.#inFlight.set(endpoint.id, (this.#inFlight.get(endpoint.id) ?? 0) + 1);
    this.#picks += 1;
    this.#lastPickedAt.set(endpoint.id, this.#picks);
    let isReported = false;
    return {
      proxy: endpoint,
      report: async (use) => {
        if (isReported) return;
        isReported = true;
        this.#giveBack(endpoint.id);
        await this.#learn(endpoint.id, request, use, wasBanned);
      },
    };
  }

  #giveBack(id: number): void {
    const left = (this.#inFlight.get(id) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(id, left);
    else this.#inFlight.delete(id);
  }

  async #learn(id: number, request: ProxyRequest, use: ProxyUse, wasBanned: boolean): Promise<void> {
    this.#options.ledger.add(id, use);
    if (use.effect === 'neutral') return;
    if (use.effect === 'success') {
      this.#faults.delete(id);
      if (wasBanned) this.#options.onServedAgain(id, request.hostKey);
      return;
    }
    this.#sticky.drop(request.stickyKey, id);
    if (use.effect === 'ban') await this.#ban(id, request.hostKey, use);
    else this.#noteFault(id);
  }

  #noteFault(id: number): void {
    const faults = (this.#faults.get(id) ?? 0) + 1;
    this.#faults.set(id, faults);
    if (faults % FAULTS_TO_TELL === 0) void this.#options.ledger.flush();
  }

  async #ban(proxyId: number, hostKey: string, use: ProxyUse): Promise<void> {
    const ban = { proxyId, hostKey };
    try {
      const reason = use.error ?? 'The site refused the request';
      const result = await this.#options.store.ban({ ...ban, reason });
      this.#unwrittenBans.delete(banKey(proxyId, hostKey));
      this.#options.onBan(result, ban);
    } catch (error) {
      this.#unwrittenBans.set(banKey(proxyId, hostKey), performance.now() + UNWRITTEN_BAN_MS);
      this.#options.logger.warn({ err: error, ...ban }, 'A ban could not be written; it holds in this worker only');
    }
  }

  async #explain(request: ProxyRequest, snapshot: PoolSnapshot): Promise<Shortage> {
    const reasons = [...snapshot.proxies.values()].map((pooled) => this.#whyNot(pooled, request, snapshot));
    const count = (reason: Ineligible) => reasons.filter((other) => other === reason).length;
    return {
      hostKey: request.hostKey,
      counts: await this.#options.store.count().catch(() => null),
      banned: count('banned'),
      busy: count('busy'),
      avoided: count('avoided'),
      aboveTier: count('aboveTier'),
      unreadable: snapshot.unreadable,
      checkedOnly: !request.uncheckedToo,
      missingForChecks: this.#options.missingForChecks,
    };
  }
}
