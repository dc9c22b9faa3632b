import type { Dispatcher } from 'undici';
import type { ProxyAddress } from '../proxy/proxy-url.ts';
import { AgentCache } from './agent-cache.ts';
import { EndpointGuard } from './connect/endpoint-guard.ts';
import { findProxyAnswer } from './connect/forwarded-answer.ts';
import { basicAuthorization } from './connect/http-tunnel.ts';
import { type Path, planPath } from './connect/plan-path.ts';
import { type ResolveHost, resolveBySystem } from './connect/resolve-host.ts';
import { parseSystemProxy, type SystemProxy, type SystemProxySettings } from './connect/system-proxy.ts';
import { unlessAborted } from './connect/unless-aborted.ts';
import { ACCEPT_ENCODING, decodeBody, listEncodings } from './decode-body.ts';
import { BODY_LIMITS, type BodyLimits, Exchange, type RawAnswer } from './exchange.ts';
import { classifyFailure, FetchFailureError, type HttpOutcome } from './http-outcome.ts';
import { DIRECT, type Route } from './route.ts';

export interface HttpRequest {
  url: URL;
  method: 'GET' | 'POST';
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string;
  /** Total time in ms, from connect to the last byte. */
  timeoutMs: number;
  /** Default: direct, which means through the system's proxy where there is one. */
  route?: Route;
  /** Offers HTTP/2 to https sites. Default: HTTP/1.1 alone. */
  http2?: boolean;
  /** How long the connection is kept for the next request, in ms; 0 closes it. Default 30 s. */
  keepAliveMs?: number;
  /** Called once when headers arrive. */
  onAnswer?: () => void;
}

export interface HttpClientOptions {
  userAgent: string;
  /** `host:port` entries that may be asked although they are not public. */
  allow?: readonly string[];
  limits?: Partial<BodyLimits>;
  /** In place of the system's DNS. */
  resolve?: ResolveHost;
  /** The proxy of the company that runs this machine: HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  systemProxy?: SystemProxySettings;
  /** PEM certificates to trust in place of the system's. */
  ca?: string;
  /** For DNS, connection, tunnel and TLS together. Default 10 s. */
  connectTimeoutMs?: number;
  /** To one site, or to one site through one proxy; what comes on top waits. Default: as many as are needed, and 4 through a proxy. */
  connectionsMax?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 20_000;
const BODY_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

/** For heads, beside a body whose chunks may take as much again as what is in them. */
const HEADROOM_BYTES = 64 * 1024;

/**
 * The only way to the network: one request in, one outcome out. It follows no redirect, retries nothing, opens at most one
 * connection per request, and never takes longer than the request's timeout, whatever site or proxy do. Proxies are pipes:
 * their own words never become a response.
 */
export class HttpClient {
  readonly #userAgent: string;
  readonly #limits: BodyLimits;
  readonly #systemProxy: SystemProxy;
  readonly #guard: EndpointGuard;
  readonly #agents: AgentCache;

  /** @throws InvalidInputError when a setting of the system's proxy cannot be used. */
  constructor(options: HttpClientOptions) {
    const resolve = options.resolve ?? resolveBySystem;
    this.#userAgent = options.userAgent;
    this.#limits = { ...BODY_LIMITS, ...options.limits };
    this.#systemProxy = parseSystemProxy(options.systemProxy ?? {});
    this.#guard = new EndpointGuard(options.allow ?? [], resolve);
    this.#agents = new AgentCache({
      guard: this.#guard,
      resolve,
      connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      answerBytesMax: HEADROOM_BYTES + 2 * this.#limits.wireBytesMax,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.connectionsMax === undefined ? {} : { connectionsMax: options.connectionsMax }),
    });
  }

  /**
   * Sends one request. Whatever goes wrong with it is an outcome.
   * @throws only the signal's reason, when the session is over.
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpOutcome> {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const { http2 = false, keepAliveMs = KEEP_ALIVE_MS, route = DIRECT } = request;
    const path = planPath(request.url, route, this.#systemProxy);
    const { agent, ledger } = this.#agents.get({ path, http2, keepAliveMs: Math.max(1, keepAliveMs) });
    const entry = ledger.enter(originOf(path, request.url));
    const exchange = new Exchange({
      limits: this.#limits,
      onSent: entry.noteSent,
      ...(request.onAnswer ? { onAnswer: request.onAnswer } : {}),
    });
    const figures = () => ({ wireBytes: exchange.wireBytes, durationMs: performance.now() - startedAt });
    const time = startTimer(request.timeoutMs, signal);
    try {
      const answer = await Promise.race([this.#perform(request, path, agent, exchange, time.signal), time.up]);
      return { kind: 'response', ...answer, ...figures() };
    } catch (error) {
      signal.throwIfAborted();
      // Ends what was still being opened; that then says what it was waiting for.
      entry.close();
      const cause = await firstReason(exchange, error);
      return { kind: 'failed', ...classifyFailure(cause, exchange.answered), ...figures(), cause };
    } finally {
      time.stop();
      exchange.abort(new Error('Nobody waits for this exchange any more'));
      entry.close();
    }
  }

  /** Ends all connections, those in use too. */
  async close(): Promise<void> {
    await this.#agents.destroy();
  }

  async #perform(request: HttpRequest, path: Path, agent: Dispatcher, exchange: Exchange, signal: AbortSignal) {
    const { url, timeoutMs } = request;
    if (path.kind === 'system-forward') {
      const port = Number(url.port) || 80;
      const check = this.#guard.checkUnresolved({ host: url.hostname.replace(/^\[|\]$/g, ''), port });
      await unlessAborted(check, signal, () => new Error('The time is up'));
    }
    agent.dispatch(
      {
        origin: originOf(path, url),
        path: path.kind === 'system-forward' ? `${url.origin}${url.pathname}${url.search}` : url.pathname + url.search,
        method: request.method,
        headers: {
          'user-agent': this.#userAgent,
          'accept-encoding': ACCEPT_ENCODING,
          ...request.headers,
          ...(path.kind === 'system-forward' ? forwardHeaders(url, path.system) : {}),
        },
        body: request.body ?? null,
        headersTimeout: Math.min(HEADERS_TIMEOUT_MS, timeoutMs),
        bodyTimeout: Math.min(BODY_TIMEOUT_MS, timeoutMs),
        ...(request.keepAliveMs === 0 ? { reset: true } : {}),
      },
      exchange,
    );
    return await this.#decode(await exchange.answer, path);
  }

  async #decode(answer: RawAnswer, path: Path): Promise<RawAnswer> {
    const proxyAnswer = path.kind === 'system-forward' ? findProxyAnswer(answer, path.system) : null;
    if (proxyAnswer !== null) throw proxyAnswer;
    // An answer without a body may well name an encoding.
    if (answer.body.length === 0) return answer;
    const encodings = listEncodings(answer.headers['content-encoding']);
    return { ...answer, body: await decodeBody(answer.body, encodings, this.#limits.decodedBytesMax) };
  }
}

/** What undici counts connections by: the site, or the proxy that asks it for us. */
function originOf(path: Path, url: URL): string {
  return path.kind === 'system-forward' ? `http://${path.system.host}:${path.system.port}` : url.origin;
}

function forwardHeaders(url: URL, system: ProxyAddress): Record<string, string> {
  const authorization = basicAuthorization(system);
  return { host: url.host, ...(authorization === null ? {} : { 'proxy-authorization': authorization }) };
}

/** `up` rejects when the time is up or the session is over: undici alone does not always notice. */
function startTimer(timeoutMs: number, session: AbortSignal) {
  const { promise: up, reject } = Promise.withResolvers<never>();
  // Waited for only as long as the request runs.
  up.catch(() => {});
  const ending = new AbortController();
  const end = (reason: unknown) => {
    reject(reason);
    ending.abort();
  };
  const timer = setTimeout(() => {
    end(new FetchFailureError('timeout', `No complete answer within ${timeoutMs} ms`));
  }, timeoutMs);
  const onAbort = () => end(session.reason);
  session.addEventListener('abort', onAbort, { once: true });
  const stop = () => {
    clearTimeout(timer);
    session.removeEventListener('abort', onAbort);
  };
  return { up, signal: ending.signal, stop };
}

/**
 * Why an exchange failed: what broke it itself within this turn of the event loop, or else `error`. When the time is up
 * while a proxy opens its tunnel, the exchange breaks with that, and the proxy is to blame, not the site.
 */
async function firstReason(exchange: Exchange, error: unknown): Promise<unknown> {
  const own = exchange.answer.then(
    () => error,
    (reason: unknown) => reason,
  );
  return await Promise.race([own, new Promise((resolve) => setImmediate(resolve, error))]);
}
