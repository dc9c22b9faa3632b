import { AddressRefusedError, type AppError, ThrottledError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import { checkUrl } from '#lib/net/address-guard.ts';
import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import { decodeText } from './charset.ts';
import type { BodyLimits } from './decode-body.ts';
import type { FetchSession } from './fetch-session.ts';
import type { ResolveHost } from './guarded-connector.ts';
import { hostKeyOf } from './host-key.ts';
import type { HostPacer } from './host-pacer.ts';
import { HttpClient } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';
import { PacedClient } from './paced-client.ts';
import { followRedirect, type Hop } from './redirect-policy.ts';
import { retryDelayMs, waitsInPlace } from './retry-policy.ts';
import { RobotsGate } from './robots-gate.ts';
import type { RobotsStore } from './robots-store.ts';
import { errorOf, judgeBody, judgeOutcome, type Problem, type Verdict } from './verdict.ts';

export type { FetchSession } from './fetch-session.ts';

export interface PageFetcherDeps {
  pacer: HostPacer;
  robots: RobotsStore;
  /** Such as `EkoLeadBot/0.1 (+contact)`; its first token is the one that robots.txt is searched for. */
  userAgent: string;
  logger: Logger;
  /** EKO_ALLOW_ADDRESSES and the demo server: `host:port` that may be asked although it is not public. */
  allowAddresses?: readonly string[];
  limits?: Partial<BodyLimits>;
  /** In place of the system's DNS. */
  resolve?: ResolveHost;
}

export interface PageFetcher {
  /**
   * Fetches one page: address guard, robots.txt, the host's pace, the request, the verdict, and tries again where that helps.
   * @throws error classes of lib/errors.ts, the reason of the session's signal, and the error of a statement where the shared
   *   pace or robots.txt cannot be asked for: with a database that is away, asking again is safe.
   */
  fetchPage(url: string, options: FetchPageOptions, session: FetchSession): Promise<FetchedPage>;
  close(): Promise<void>;
}

/** Builds the whole fetch stack. One per worker: it holds the connections and what is known of robots.txt. */
export function createPageFetcher(deps: PageFetcherDeps): PageFetcher {
  const allow = deps.allowAddresses ?? [];
  const http = new HttpClient({
    userAgent: deps.userAgent,
    allow,
    ...(deps.limits ? { limits: deps.limits } : {}),
    ...(deps.resolve ? { resolve: deps.resolve } : {}),
  });
  const client = new PacedClient(deps.pacer, http);
  const gate = new RobotsGate({
    store: deps.robots,
    client,
    pacer: deps.pacer,
    productToken: deps.userAgent.split('/')[0] ?? deps.userAgent,
    allow,
  });
  const parts = { gate, client, pacer: deps.pacer, allow };
  deps.logger.debug({ userAgent: deps.userAgent, allowAddresses: allow }, 'The fetch stack is ready');
  return {
    fetchPage: async (url, options, session) => await new PageFetch(parts, url, options, session).run(),
    close: () => client.close(),
  };
}

interface Parts {
  gate: RobotsGate;
  client: PacedClient;
  pacer: HostPacer;
  allow: readonly string[];
}

interface Answered {
  outcome: HttpOutcome;
  page: FetchedPage | null;
  verdict: Verdict;
  /** How long the host is left alone, where the verdict is "throttled". */
  backoffMs: number;
}

/** The way to one page: its redirects, its tries, and the times it was asked to wait. */
class PageFetch {
  readonly #parts: Parts;
  readonly #options: FetchPageOptions;
  readonly #session: FetchSession;
  readonly #url: string;
  #hop: Hop;
  #hops = 0;
  #tries = 0;
  #throttles = 0;

  constructor(parts: Parts, url: string, options: FetchPageOptions, session: FetchSession) {
    this.#parts = parts;
    this.#options = options;
    this.#session = session;
    this.#url = url;
    refuseAddress(url, parts.allow);
    this.#hop = firstHop(new URL(url), options);
  }

  async run(): Promise<FetchedPage> {
    for (;;) {
      const { outcome, page, verdict, backoffMs } = await this.#request();
      if (verdict.kind === 'done' && page !== null) return page;
      if (verdict.kind === 'redirect') this.#follow(outcome);
      else if (verdict.kind === 'throttled') await this.#backOff(verdict.problem, backoffMs);
      else if (verdict.kind !== 'done') await this.#waitForTry(verdict, outcome);
    }
  }

  /** Every request, also of a redirect or a later try, passes the guard and robots.txt and waits for its host's slot. */
  async #request(): Promise<Answered> {
    const { gate, client, pacer, allow } = this.#parts;
    const { url } = this.#hop;
    refuseAddress(url.href, allow);
    const floorMs = this.#options.gapMs ?? this.#session.config.rateLimit;
    const crawlDelayMs = await gate.pass(url, floorMs, this.#session);
    const request = { ...this.#hop, gapMs: Math.max(floorMs, crawlDelayMs), timeoutMs: this.#session.config.timeout };
    let page: FetchedPage | null = null;
    let verdict: Verdict = { kind: 'done' };
    let backoffMs = 0;
    const outcome = await client.send(request, this.#session, async (received) => {
      page = received.kind === 'response' ? this.#toPage(received) : null;
      verdict = this.#judge(received, page);
      if (verdict.kind !== 'throttled') return;
      backoffMs = Math.ceil(await pacer.reportBackoff(hostKeyOf(url), verdict.retryAfterMs));
    });
    return { outcome, page, verdict, backoffMs };
  }

  #judge(outcome: HttpOutcome, page: FetchedPage | null): Verdict {
    const verdict = judgeOutcome(outcome, new Date());
    if (verdict.kind !== 'done' || page === null || this.#options.inspectBody === undefined) return verdict;
    return judgeBody(this.#options.inspectBody(page.text));
  }

  #follow(outcome: HttpOutcome): void {
    if (outcome.kind !== 'response') return;
    const next = followRedirect(this.#hop, outcome.status, outcome.headers.location, this.#hops);
    if (next.kind === 'refuse') throw this.#error({ kind: 'refused', reason: next.reason });
    this.#hop = next.hop;
    this.#hops += 1;
  }

  /** The host's back-off holds for all workers. A short one is waited out, which costs no try; for a long one the session sleeps. */
  async #backOff(problem: Problem, backoffMs: number): Promise<void> {
    const hostKey = hostKeyOf(this.#hop.url);
    this.#throttles += 1;
    this.#session.log('warn', `"${hostKey}" asks for less (${problem.reason}); it is left alone for ${backoffMs} ms`, {
      url: this.#hop.url.href,
    });
    if (!waitsInPlace(backoffMs, this.#throttles)) {
      throw new ThrottledError(`"${hostKey}" asks to be left alone for ${backoffMs} ms: ${problem.reason}`, backoffMs, {
        context: { url: this.#hop.url.href, hostKey },
      });
    }
    await sleepUnlessAborted(backoffMs, this.#session.signal);
  }

  async #waitForTry(verdict: { kind: 'retry' | 'final'; problem: Problem }, outcome: HttpOutcome): Promise<void> {
    this.#tries += 1;
    const delayMs = verdict.kind === 'final' ? null : retryDelayMs(this.#tries, this.#session.config);
    if (delayMs === null) throw this.#error(verdict.problem, outcome);
    this.#session.log('warn', `Try ${this.#tries} failed (${verdict.problem.reason}); the next one in ${delayMs} ms`, {
      url: this.#hop.url.href,
    });
    await sleepUnlessAborted(delayMs, this.#session.signal);
  }

  #error(problem: Problem, outcome?: HttpOutcome): AppError {
    const status = outcome?.kind === 'response' ? outcome.status : undefined;
    const cause = outcome?.kind === 'failed' ? outcome.cause : undefined;
    return errorOf(
      problem,
      this.#hop.url,
      { askedUrl: this.#url, status, tries: this.#tries, hops: this.#hops },
      cause,
    );
  }

  #toPage(outcome: HttpOutcome & { kind: 'response' }): FetchedPage {
    const { text, warning } = decodeText(outcome.body, outcome.headers['content-type']);
    if (warning !== null) this.#session.log('warn', warning, { url: this.#hop.url.href });
    return {
      url: this.#url,
      finalUrl: this.#hop.url.href,
      status: outcome.status,
      headers: outcome.headers,
      text,
      notModified: false,
      bytes: outcome.body.length,
      durationMs: Math.round(outcome.durationMs),
      fetchedAt: new Date(),
    };
  }
}

/** What the client sets itself, or what would break the framing of the request. */
const OWN_HEADERS = [
  'host',
  'user-agent',
  'accept-encoding',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
];

function firstHop(url: URL, options: FetchPageOptions): Hop {
  const given = Object.entries(options.headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !OWN_HEADERS.includes(name));
  const body = options.form === undefined ? null : new URLSearchParams(options.form).toString();
  return {
    url,
    method: options.method ?? (body === null ? 'GET' : 'POST'),
    headers: {
      accept: 'text/html, application/json;q=0.9, */*;q=0.8',
      ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...Object.fromEntries(given),
    },
    body,
  };
}

function refuseAddress(url: string, allow: readonly string[]): void {
  const verdict = checkUrl(url, allow);
  if (verdict.ok) return;
  throw new AddressRefusedError(`"${url.slice(0, 500)}" may not be asked: ${verdict.reason}`, {
    context: { url: url.slice(0, 500), reason: verdict.reason },
  });
}
