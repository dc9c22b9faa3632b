import { AddressRefusedError, AppError, RobotsDisallowedError, ThrottledError } from '#lib/errors.ts';
import { checkUrl } from '#lib/net/address-guard.ts';
import { hostKeyOf } from '#lib/net/host-key.ts';
import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import { conditionalHeaders, type PageValidators, validatorsOf } from '../pages/page-validators.ts';
import { shownUrl } from '../pages/shown-url.ts';
import type { ValidatorStore } from '../pages/validator-store.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import { decodeText } from './charset.ts';
import type { FetchSession } from './fetch-session.ts';
import { firstHop } from './first-hop.ts';
import type { HostPacer } from './host-pacer.ts';
import type { HttpOutcome } from './http-outcome.ts';
import type { Judgement, PacedClient, Sent } from './paced-client.ts';
import { pageErrorOf } from './page-error.ts';
import type { PageJudge } from './page-judge.ts';
import type { ResultKind } from './page-result.ts';
import { followRedirect, type Hop } from './redirect-policy.ts';
import { type Decision, decide, type Patience, waitsInPlace } from './result-policy.ts';
import type { RobotsGate, RobotsPass } from './robots-gate.ts';

/** The rooms of the fetch stack that a page passes through. */
export interface PageFetchParts {
  gate: RobotsGate;
  client: PacedClient;
  pacer: HostPacer;
  judge: PageJudge;
  validators: Pick<ValidatorStore, 'find'> | null;
  allow: readonly string[];
  patience: Patience;
}

interface Answered {
  sent: Sent;
  page: FetchedPage | null;
  judged: Judgement;
  /** How long the host is left alone, where it asks for less. */
  backoffMs: number;
}

/** The way to one page: its redirects, its tries, and the times it was asked to wait. */
export class PageFetch {
  readonly #parts: PageFetchParts;
  readonly #options: FetchPageOptions;
  readonly #session: FetchSession;
  readonly #url: string;
  readonly #results: ResultKind[] = [];
  readonly #avoidProxies: number[] = [];
  #known: PageValidators | null = null;
  #hop: Hop;
  #hops = 0;
  #throttles = 0;
  /** What the site has said that refused us, while one other proxy is tried. */
  #refusal: AppError | null = null;

  /** @throws AddressRefusedError before anything is asked. */
  constructor(parts: PageFetchParts, url: string, options: FetchPageOptions, session: FetchSession) {
    this.#parts = parts;
    this.#options = options;
    this.#session = session;
    this.#url = url;
    refuseAddress(url, parts.allow);
    this.#hop = firstHop(new URL(url), options);
  }

  async run(): Promise<FetchedPage> {
    await this.#findValidator();
    try {
      return await this.#ask();
    } catch (error) {
      this.#session.signal.throwIfAborted();
      throw this.#refusal !== null && isForLater(error) ? this.#refusal : error;
    }
  }

  async #ask(): Promise<FetchedPage> {
    for (;;) {
      const answered = await this.#request();
      if (answered === null) continue;
      const { sent, page, judged, backoffMs } = answered;
      const decision = this.#decide(judged.kind, sent);
      if (decision.do === 'accept' && page !== null) return this.#accept(page, sent.outcome);
      if (decision.do === 'follow') await this.#follow(judged, sent.outcome);
      else if (decision.do === 'wait') await this.#backOff(judged, backoffMs);
      else if (decision.do === 'retry') await this.#waitForTry(judged, decision, sent);
      else throw this.#error(judged, sent.outcome);
    }
  }

  /** Every request, also of a redirect or a later try, passes the guard and robots.txt and waits for its host's slot. */
  async #request(): Promise<Answered | null> {
    const { client, allow } = this.#parts;
    const { url } = this.#hop;
    refuseAddress(url.href, allow);
    const floorMs = this.#options.gapMs ?? this.#session.config.rateLimit;
    const pass = await this.#passRobots(url, floorMs);
    let page: FetchedPage | null = null;
    let judged: Judgement | null = null;
    let backoffMs = 0;
    const sent = await client.send(this.#pacedRequest(floorMs, pass), this.#session, async ({ outcome }) => {
      page = outcome.kind === 'response' ? this.#toPage(outcome) : null;
      judged = await this.#judge(outcome, page);
      if (judged.kind === 'throttled') backoffMs = await this.#reportBackoff(judged.retryAfterMs);
      return judged;
    });
    return sent === null || judged === null ? null : { sent, page, judged, backoffMs };
  }

  /** A page that robots.txt forbids is an outcome of its own: people see that it was skipped, and the line that says so. */
  async #passRobots(url: URL, floorMs: number): Promise<RobotsPass> {
    try {
      return await this.#parts.gate.pass(url, floorMs, this.#session);
    } catch (error) {
      if (error instanceof RobotsDisallowedError) {
        this.#session.recordRequest({
          method: this.#hop.method,
          url: url.href,
          status: null,
          durationMs: 0,
          wireBytes: 0,
          proxyId: null,
          proxy: null,
          verdict: 'skipped',
          reason: error.message,
          snapshotSignature: null,
        });
      }
      throw error;
    }
  }

  #pacedRequest(floorMs: number, pass: RobotsPass) {
    return {
      ...this.#hop,
      headers: { ...this.#hop.headers, ...conditionalHeaders(this.#validators) },
      floorMs,
      robotsMs: pass.crawlDelayMs,
      timeoutMs: this.#session.config.timeout,
      allowedUntil: pass.until,
      avoidProxies: this.#avoidProxies,
    };
  }

  #judge(outcome: HttpOutcome, page: FetchedPage | null): Promise<Judgement> {
    const about = { session: this.#session, hostKey: this.#hostKey, validated: this.#validators !== null };
    return this.#parts.judge.judge(outcome, page, this.#options, about);
  }

  async #reportBackoff(retryAfterMs: number | null): Promise<number> {
    return Math.ceil(await this.#parts.pacer.reportBackoff(this.#hostKey, retryAfterMs));
  }

  #decide(kind: ResultKind, sent: Sent) {
    if (kind !== 'throttled' && kind !== 'redirect') this.#results.push(kind);
    const history = {
      tries: this.#results.length,
      sameKind: this.#results.filter((earlier) => earlier === kind).length,
      viaProxy: sent.proxyId !== null,
    };
    return decide({ kind }, history, this.#session.config, this.#parts.patience);
  }

  /** After as long as the site asks for (RFC 9110 section 10.2.3); a session that slept for it would only be led the same way again. */
  async #follow({ retryAfterMs }: Judgement, outcome: HttpOutcome): Promise<void> {
    if (outcome.kind !== 'response') return;
    const waitMs = retryAfterMs ?? 0;
    if (!waitsInPlace(waitMs, 0)) {
      const reason = `status ${outcome.status} leads on only after ${Math.round(waitMs / 1000)} s`;
      throw this.#error({ kind: 'request-wrong', reason, retryAfterMs: null });
    }
    await sleepUnlessAborted(waitMs, this.#session.signal);
    const next = followRedirect(this.#hop, outcome.status, outcome.headers.location, this.#hops);
    if (next.kind === 'refuse') throw this.#error({ kind: 'request-wrong', reason: next.reason, retryAfterMs: null });
    this.#hop = next.hop;
    this.#hops += 1;
  }

  /** The host's back-off holds for all workers. A short one is waited out, which costs no try; for a long one the session sleeps. */
  async #backOff({ reason }: Judgement, backoffMs: number): Promise<void> {
    const hostKey = this.#hostKey;
    this.#throttles += 1;
    this.#session.log('warn', `"${hostKey}" asks for less (${reason}); it is left alone for ${backoffMs} ms`, {
      url: this.#shownUrl,
    });
    if (!waitsInPlace(backoffMs, this.#throttles)) {
      throw new ThrottledError(`"${hostKey}" asks to be left alone for ${backoffMs} ms: ${reason}`, backoffMs, {
        context: { url: this.#shownUrl, hostKey },
      });
    }
    await sleepUnlessAborted(backoffMs, this.#session.signal);
  }

  async #waitForTry(judged: Judgement, decision: Decision & { do: 'retry' }, sent: Sent): Promise<void> {
    const { delayMs, otherProxy } = decision;
    if (otherProxy && sent.proxyId !== null) this.#avoidProxies.push(sent.proxyId);
    if (judged.kind === 'blocked') this.#refusal = this.#error(judged, sent.outcome);
    this.#session.log('warn', `Try ${this.#results.length} failed (${judged.reason}); the next one in ${delayMs} ms`, {
      url: this.#shownUrl,
    });
    await sleepUnlessAborted(delayMs, this.#session.signal);
  }

  #error(judged: Judgement, outcome?: HttpOutcome): AppError {
    const status = outcome?.kind === 'response' ? outcome.status : undefined;
    const cause = outcome?.kind === 'failed' ? outcome.cause : undefined;
    const context = {
      askedUrl: shownUrl(this.#url),
      hostKey: this.#hostKey,
      status,
      tries: this.#results.length,
      hops: this.#hops,
      ...(judged.snapshotSignature ? { snapshot: judged.snapshotSignature } : {}),
    };
    return pageErrorOf(judged, this.#hop.url, context, cause);
  }

  #toPage(outcome: HttpOutcome & { kind: 'response' }): FetchedPage {
    const { text, warning } = decodeText(outcome.body, outcome.headers['content-type']);
    if (warning !== null) this.#session.log('warn', warning, { url: this.#shownUrl });
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

  async #findValidator(): Promise<void> {
    const { config, source } = this.#session;
    if (!this.#isConditional || this.#parts.validators === null) return;
    this.#known = await this.#parts.validators.find(source, this.#url, config.parserVersion);
  }

  /** The same bytes as last time are as unchanged as a 304 says; not every site knows how to say it. */
  #accept(page: FetchedPage, outcome: HttpOutcome): FetchedPage {
    if (!this.#isConditional || outcome.kind !== 'response') return page;
    const { source, config } = this.#session;
    const isSame = outcome.status === 304;
    const validators = isSame && this.#known !== null ? this.#known : validatorsOf(outcome.headers, outcome.body);
    this.#session.noteRead({ source, url: this.#url, parserVersion: config.parserVersion, validators });
    return validators.bodyHash === this.#known?.bodyHash ? { ...page, text: '', notModified: true } : page;
  }

  /** Belongs to the address that was asked for, not to one that it leads to. */
  get #validators(): PageValidators | null {
    return this.#hops === 0 ? this.#known : null;
  }

  get #isConditional(): boolean {
    return this.#options.conditional === true && this.#hop.method === 'GET';
  }

  /** Without what only the site may see. */
  get #shownUrl(): string {
    return shownUrl(this.#hop.url.href);
  }

  get #hostKey(): string {
    return hostKeyOf(this.#hop.url, this.#session.config.paceBy);
  }
}

/**
 * Whether the session would ask for the page again. After a refusal the one other try is made now or never: a later one would begin
 * anew, and so ask through one more proxy each time. Who asks for less is asked again, whatever was said before.
 */
function isForLater(error: unknown): boolean {
  return (
    error instanceof AppError && !(error instanceof ThrottledError) && ['snooze', 'retry'].includes(error.disposition)
  );
}

function refuseAddress(url: string, allow: readonly string[]): void {
  const verdict = checkUrl(url, allow);
  if (verdict.ok) return;
  const shown = shownUrl(url).slice(0, 500);
  throw new AddressRefusedError(`"${shown}" may not be asked: ${verdict.reason}`, {
    context: { url: shown, reason: verdict.reason },
  });
}
