import { NoProxyError } from '#lib/errors.ts';
import { hostKeyOf } from '#lib/net/host-key.ts';
import type { ProxyLease, ProxyRoutes } from '../proxy/proxy-routes.ts';
import type { FetchSession } from './fetch-session.ts';
import type { HostPacer, SlotResult } from './host-pacer.ts';
import type { HttpClient } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';
import { type PageResult, type ResultKind, resultOf } from './page-result.ts';
import { type Hop, isRedirect } from './redirect-policy.ts';
import { RESULT_POLICY } from './result-policy.ts';
import { DIRECT } from './route.ts';

export interface PacedRequest extends Hop {
  /** The gap that the source promises, in ms. */
  floorMs: number;
  /** The Crawl-delay of the host's robots.txt, in ms; 0 for none. */
  robotsMs: number;
  timeoutMs: number;
  /** The moment of performance.now() until which robots.txt lets the request pass. */
  allowedUntil: number;
  /** Proxies that have failed this page, or were refused. */
  avoidProxies: readonly number[];
}

export interface Sent {
  outcome: HttpOutcome;
  /** Null for a direct request. */
  proxyId: number | null;
  proxy: string | null;
}

/** What the asker makes of an outcome. `snapshotSignature` names the snapshot of the page, where one was kept. */
export interface Judgement extends PageResult {
  snapshotSignature?: string | null;
}

interface Exchange extends Sent {
  lease: ProxyLease | null;
}

/** The host has not been reached: another proxy may try at once, within the same slot. */
const PROXY_FAILURES: readonly ResultKind[] = ['proxy-fault', 'proxy-refused', 'proxy-auth'];

/** Proxies that one request may try: a second one helps against one that died, a third would knock on too many doors. */
const PROXIES_MAX = 2;

/**
 * Sends requests in their host's pace and through their session's proxy. Pages and robots.txt both go this way, so nothing is
 * ever sent beside it.
 */
export class PacedClient {
  readonly #pacer: HostPacer;
  readonly #client: HttpClient;
  readonly #proxies: ProxyRoutes | null;

  constructor(pacer: HostPacer, client: HttpClient, proxies: ProxyRoutes | null) {
    this.#pacer = pacer;
    this.#client = client;
    this.#proxies = proxies;
  }

  /**
   * Waits for the slot, sends, counts, and gives the slot back. Null when robots.txt has to be asked again first, because the
   * wait outlasted its verdict.
   * @param judge runs while the slot is still held: a back-off set there is in force before anybody gets the next slot.
   * @throws what HostPacer.reserve, ProxyRoutes.acquire, HttpClient.send and `judge` throw.
   */
  async send(
    request: PacedRequest,
    session: FetchSession,
    judge: (sent: Sent) => Promise<Judgement>,
  ): Promise<Sent | null> {
    const { config, workerId, sessionId, signal } = session;
    const hostKey = hostKeyOf(request.url, config.paceBy);
    const { floorMs, robotsMs, timeoutMs } = request;
    session.noteHost(hostKey);
    const slot = await this.#pacer.reserve(
      { hostKey, workerId, sessionId, floorMs, robotsMs, maxInflight: config.maxInflight, timeoutMs },
      signal,
    );
    let learnt: SlotResult = { kind: 'neutral' };
    try {
      if (performance.now() > request.allowedUntil) return null;
      const exchange = await this.#exchange(request, session, hostKey, () => slot.noteAnswer());
      learnt = await settle(exchange, request, session, judge);
      return exchange;
    } finally {
      await slot.release(learnt);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** One answer, or one failure. A proxy that fails before the host was reached is replaced once, within the same slot. */
  async #exchange(
    request: PacedRequest,
    session: FetchSession,
    hostKey: string,
    onAnswer: () => void,
  ): Promise<Exchange> {
    const endsAt = performance.now() + request.timeoutMs;
    const avoid = [...request.avoidProxies];
    let lease = await this.#acquire(session, hostKey, avoid);
    for (let tried = 1; ; tried += 1) {
      const exchange = await this.#sendOnce(request, session, lease, Math.max(1, endsAt - performance.now()), onAnswer);
      const result = resultOf(exchange.outcome, new Date());
      if (
        !PROXY_FAILURES.includes(result.kind) ||
        lease === null ||
        tried >= PROXIES_MAX ||
        performance.now() >= endsAt
      )
        return exchange;
      avoid.push(lease.proxy.id);
      const settleFirst = () => settle(exchange, request, session, async () => result);
      const other = await this.#acquireOther(session, hostKey, avoid).catch(async (error: unknown) => {
        await settleFirst();
        throw error;
      });
      if (other === null) return exchange;
      await settleFirst();
      lease = other;
    }
  }

  /** Null when there is none: then what the first one said is the answer. */
  async #acquireOther(session: FetchSession, hostKey: string, avoid: readonly number[]): Promise<ProxyLease | null> {
    try {
      return await this.#acquire(session, hostKey, avoid);
    } catch (error) {
      if (error instanceof NoProxyError) return null;
      throw error;
    }
  }

  async #acquire(session: FetchSession, hostKey: string, avoid: readonly number[]): Promise<ProxyLease | null> {
    const { config, source, sessionId } = session;
    if (!config.useProxy) return null;
    try {
      if (this.#proxies === null)
        throw new NoProxyError(`"${source}" wants a proxy, and this process has no pool`, 30_000);
      return await this.#proxies.acquire({
        hostKey,
        stickyKey: config.proxyRotation ? `session ${sessionId ?? 'standalone'}` : `source ${source}`,
        maxTier: config.proxyTier,
        uncheckedToo: !config.proxyHealthCheck,
        avoid,
      });
    } catch (error) {
      if (error instanceof NoProxyError && config.allowDirect) return null;
      throw error;
    }
  }

  async #sendOnce(
    request: PacedRequest,
    session: FetchSession,
    lease: ProxyLease | null,
    timeoutMs: number,
    onAnswer: () => void,
  ): Promise<Exchange> {
    const { url, method, headers, body } = request;
    const proxy = lease === null ? null : `${lease.proxy.host}:${lease.proxy.port}`;
    session.stats.requestsMade += 1;
    if (proxy !== null) session.stats.proxyUsed = proxy;
    try {
      const outcome = await this.#client.send(
        {
          url,
          method,
          headers,
          timeoutMs,
          onAnswer,
          ...(body === null ? {} : { body }),
          route: lease === null ? DIRECT : { kind: 'proxy', proxy: lease.proxy },
          http2: session.config.http2,
          keepAliveMs: session.config.keepAlive,
        },
        session.signal,
      );
      session.stats.bytesReceived += outcome.wireBytes;
      return { outcome, proxyId: lease?.proxy.id ?? null, proxy, lease };
    } catch (error) {
      session.stats.requestsFailed += 1;
      await lease?.report({ effect: 'neutral', durationMs: 0 });
      throw error;
    }
  }
}

/** Tells everybody what the outcome means: the asker first, then the proxy, the session's figures, and the host's pace. */
async function settle(
  exchange: Exchange,
  request: PacedRequest,
  session: FetchSession,
  judge: (sent: Sent) => Promise<Judgement>,
): Promise<SlotResult> {
  const { outcome, lease } = exchange;
  const judged = await judge(exchange).catch(async (error: unknown) => {
    await lease?.report({ effect: 'neutral', durationMs: outcome.durationMs });
    throw error;
  });
  const policy = RESULT_POLICY[judged.kind];
  await lease?.report({ effect: policy.proxy, durationMs: outcome.durationMs, error: judged.reason });
  if (policy.host !== 'served') session.stats.requestsFailed += 1;
  recordRequest(exchange, request, session, judged);
  if (policy.host === 'served') return { kind: leadsToItself(exchange, request, session) ? 'neutral' : 'served' };
  return policy.host === 'neutral' ? { kind: 'neutral' } : { kind: policy.host, error: judged.reason };
}

/**
 * A host that only leads on to itself has not served yet: what is behind that, which is asked next, decides. Else one whose addresses
 * all lead on, such as from http to https, could fail or refuse for ever without being slowed down or paused.
 */
function leadsToItself({ outcome }: Exchange, { url }: PacedRequest, { config }: FetchSession): boolean {
  if (outcome.kind !== 'response' || !isRedirect(outcome.status)) return false;
  const place = URL.parse(outcome.headers.location ?? '', url);
  return place !== null && hostKeyOf(place, config.paceBy) === hostKeyOf(url, config.paceBy);
}

function recordRequest(exchange: Exchange, request: PacedRequest, session: FetchSession, judged: Judgement): void {
  const { outcome, proxyId, proxy } = exchange;
  session.recordRequest({
    method: request.method,
    url: request.url.href,
    status: outcome.kind === 'response' ? outcome.status : null,
    durationMs: Math.round(outcome.durationMs),
    wireBytes: outcome.wireBytes,
    proxyId,
    proxy,
    verdict: judged.kind,
    reason: judged.kind === 'done' ? null : judged.reason,
    snapshotSignature: judged.snapshotSignature ?? null,
  });
}
