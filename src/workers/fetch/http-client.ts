import { Agent, type Dispatcher } from 'undici';
import { ACCEPT_ENCODING, BODY_LIMITS, type BodyLimits, listEncodings, readBody } from './decode-body.ts';
import { createGuardedConnector, type ResolveHost } from './guarded-connector.ts';
import { classifyFailure, FetchFailureError, type HttpOutcome } from './http-outcome.ts';

export interface HttpRequest {
  url: URL;
  method: 'GET' | 'POST';
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string;
  /** Total time in ms, from connect to the last byte. */
  timeoutMs: number;
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
}

const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 20_000;
const BODY_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * The only home of undici: one request in, one outcome out. It follows no redirect, retries nothing, and never takes longer
 * than the request's timeout. A dispatcher per proxy, and the settings of a company's own proxy, will be chosen here.
 */
export class HttpClient {
  readonly #dispatcher: Dispatcher;
  readonly #userAgent: string;
  readonly #limits: BodyLimits;

  constructor(options: HttpClientOptions) {
    this.#userAgent = options.userAgent;
    this.#limits = { ...BODY_LIMITS, ...options.limits };
    this.#dispatcher = new Agent({
      connect: createGuardedConnector({
        allow: options.allow ?? [],
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        ...(options.resolve ? { resolve: options.resolve } : {}),
      }),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  /**
   * Sends one request. Whatever goes wrong with it is an outcome.
   * @throws only the signal's reason, when the session is over.
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpOutcome> {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const progress = { answered: false, wireBytes: 0 };
    const ending = new AbortController();
    const { promise: ended, stop } = endOf(request.timeoutMs, signal);
    const exchange = this.#exchange(request, ending.signal, progress);
    // The race may be over before the exchange notices; what it then says is of no interest.
    exchange.catch(() => {});
    try {
      const answer = await Promise.race([exchange, ended]);
      return { kind: 'response', ...answer, wireBytes: progress.wireBytes, durationMs: performance.now() - startedAt };
    } catch (error) {
      signal.throwIfAborted();
      const { failure, message } = classifyFailure(error, progress.answered);
      const durationMs = performance.now() - startedAt;
      return { kind: 'failed', failure, message, wireBytes: progress.wireBytes, durationMs, cause: error };
    } finally {
      stop();
      ending.abort();
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #exchange(request: HttpRequest, signal: AbortSignal, progress: { answered: boolean; wireBytes: number }) {
    const response = await this.#dispatcher.request({
      origin: request.url.origin,
      path: request.url.pathname + request.url.search,
      method: request.method,
      headers: { 'user-agent': this.#userAgent, 'accept-encoding': ACCEPT_ENCODING, ...request.headers },
      body: request.body ?? null,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, request.timeoutMs),
      bodyTimeout: Math.min(BODY_TIMEOUT_MS, request.timeoutMs),
      signal,
    });
    progress.answered = true;
    request.onAnswer?.();
    const headers = plainHeaders(response.headers);
    const status = response.statusCode;
    if (status >= 300 && status < 400 && headers.location !== undefined) {
      // Only the place counts; its body is neither decoded nor kept.
      response.body.on('error', () => {}).destroy();
      return { status, headers, body: Buffer.alloc(0) };
    }
    try {
      refuseOversize(headers['content-length'], this.#limits.wireBytesMax);
      const encodings = listEncodings(headers['content-encoding']);
      const body = await readBody(response.body, encodings, this.#limits, (bytes) => {
        progress.wireBytes += bytes;
      });
      return { status, headers, body };
    } catch (error) {
      response.body.on('error', () => {}).destroy();
      throw error;
    }
  }
}

function refuseOversize(contentLength: string | undefined, bytesMax: number): void {
  if (Number(contentLength) > bytesMax) {
    throw new FetchFailureError('too-large', `The body has ${contentLength} bytes; at most ${bytesMax} are read`);
  }
}

/** Rejects when the time is up or the session is over: undici alone does not always notice. */
function endOf(timeoutMs: number, signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new FetchFailureError('timeout', `No complete answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  return { promise, stop };
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}
