import { AddressRefusedError, HostNotReadyError, HostUnknownError, RobotsDisallowedError } from '#lib/errors.ts';
import { checkUrl } from '#lib/net/address-guard.ts';
import type { FetchSession } from './fetch-session.ts';
import { hostKeyOf } from './host-key.ts';
import type { HostPacer } from './host-pacer.ts';
import type { HttpOutcome } from './http-outcome.ts';
import type { PacedClient } from './paced-client.ts';
import { followRedirect, type Hop, isRedirect } from './redirect-policy.ts';
import { findingOf, unreachable } from './robots-finding.ts';
import { findCrawlDelayMs, judgeUrl, parseRobots, type RobotsRules } from './robots-policy.ts';
import type { RobotsFinding, RobotsStore } from './robots-store.ts';

export interface RobotsGateOptions {
  store: RobotsStore;
  client: PacedClient;
  pacer: HostPacer;
  productToken: string;
  /** `host:port` entries that may be asked although they are not public. */
  allow: readonly string[];
}

interface KnownRobots {
  finding: RobotsFinding;
  rules: RobotsRules;
  until: number;
}

const TIMEOUT_MS = 10_000;
/** A finding is looked up again in the store after this time at the latest, so that a reset reaches every worker. */
const MEMORY_MS = 300_000;
const MEMORY_ENTRIES_MAX = 500;
/** A host that asks for a longer Crawl-delay is not read at all; it is never read faster than it asks. */
const CRAWL_DELAY_MAX_MS = 3_600_000;

/** Lets a URL pass only where the site's robots.txt does, and says how slowly. */
export class RobotsGate {
  readonly #options: RobotsGateOptions;
  readonly #known = new Map<string, KnownRobots>();
  readonly #looking = new Map<string, { looking: Promise<KnownRobots>; signal: AbortSignal }>();

  constructor(options: RobotsGateOptions) {
    this.#options = options;
  }

  /**
   * @returns the Crawl-delay of our group in ms, 0 for none.
   * @throws RobotsDisallowedError with the line that decided; HostNotReadyError while the rules cannot be read or the
   *   Crawl-delay is beyond an hour; HostUnknownError; AddressRefusedError; and what the pacer and the signal throw.
   */
  async pass(url: URL, gapMs: number, session: FetchSession): Promise<number> {
    const { finding, rules, until } = await this.#rulesOf(url, gapMs, session);
    const robotsUrl = `${url.origin}/robots.txt`;
    if (finding.outcome === 'unreachable') {
      throw new HostNotReadyError(
        `"${robotsUrl}" could not be read (${finding.reason ?? 'no reason known'}); its host is left alone until it can`,
        Math.max(1000, Math.round(until - performance.now())),
        { context: { robotsUrl, reason: finding.reason, failures: finding.failures } },
      );
    }
    const verdict = judgeUrl(rules, this.#options.productToken, url);
    if (!verdict.allowed) {
      throw new RobotsDisallowedError(`"${robotsUrl}" line ${verdict.line} forbids "${url.href}": ${verdict.rule}`, {
        context: { url: url.href, robotsUrl, line: verdict.line, rule: verdict.rule },
      });
    }
    return await this.#crawlDelay(rules, url, robotsUrl);
  }

  async #crawlDelay(rules: RobotsRules, url: URL, robotsUrl: string): Promise<number> {
    const delayMs = findCrawlDelayMs(rules, this.#options.productToken) ?? 0;
    if (delayMs <= CRAWL_DELAY_MAX_MS) return delayMs;
    const reason = `"${robotsUrl}" asks for a Crawl-delay of ${delayMs / 1000} s; more than an hour is not waited for`;
    await this.#options.pacer.pause(hostKeyOf(url), CRAWL_DELAY_MAX_MS, reason);
    throw new HostNotReadyError(reason, CRAWL_DELAY_MAX_MS, { context: { robotsUrl, crawlDelayMs: delayMs } });
  }

  /** All that wait for one origin share one look; when the session that looks is ended, another looks. */
  async #rulesOf(url: URL, gapMs: number, session: FetchSession): Promise<KnownRobots> {
    for (;;) {
      session.signal.throwIfAborted();
      const known = this.#known.get(url.origin);
      if (known && known.until > performance.now()) return known;
      const shared = this.#looking.get(url.origin) ?? this.#startLook(url, gapMs, session);
      try {
        return await shared.looking;
      } catch (error) {
        if (!shared.signal.aborted || shared.signal === session.signal) throw error;
      }
    }
  }

  #startLook(url: URL, gapMs: number, session: FetchSession) {
    const { origin } = url;
    const looking = this.#look(url, gapMs, session).finally(() => this.#looking.delete(origin));
    const shared = { looking, signal: session.signal };
    this.#looking.set(origin, shared);
    return shared;
  }

  async #look(url: URL, gapMs: number, session: FetchSession): Promise<KnownRobots> {
    const { store } = this.#options;
    const stored = await store.find(url.origin);
    if (stored !== null && stored.freshForMs > 0) return this.#remember(url.origin, stored);
    const failures = stored?.outcome === 'unreachable' ? stored.failures : 0;
    const finding = await this.#fetchRules(url, failures, gapMs, session);
    await store.save(url.origin, finding);
    session.log(finding.outcome === 'unreachable' ? 'warn' : 'info', `${url.origin}/robots.txt: ${finding.outcome}`, {
      httpStatus: finding.httpStatus,
      reason: finding.reason,
    });
    return this.#remember(url.origin, finding);
  }

  async #fetchRules(url: URL, failures: number, gapMs: number, session: FetchSession): Promise<RobotsFinding> {
    let hop: Hop = { url: new URL('/robots.txt', url), method: 'GET', headers: { accept: 'text/plain' }, body: null };
    for (let hops = 0; ; hops += 1) {
      const allowed = checkUrl(hop.url, this.#options.allow);
      if (!allowed.ok) return unreachable(null, `it leads to "${hop.url.href}", and ${allowed.reason}`, failures);
      const outcome = await this.#options.client.send({ ...hop, gapMs, timeoutMs: TIMEOUT_MS }, session);
      if (hops === 0) refuseDeadHost(outcome, hop.url);
      if (outcome.kind === 'failed' || !isRedirect(outcome.status)) return findingOf(outcome, failures);
      const next = followRedirect(hop, outcome.status, outcome.headers.location, hops);
      if (next.kind === 'refuse') return unreachable(outcome.status, next.reason, failures);
      hop = next.hop;
    }
  }

  #remember(origin: string, finding: RobotsFinding): KnownRobots {
    const oldest = this.#known.size >= MEMORY_ENTRIES_MAX ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
    const until =
      performance.now() + Math.min(finding.freshForMs, finding.outcome === 'rules' ? MEMORY_MS : finding.freshForMs);
    const known = { finding, rules: parseRobots(finding.body ?? ''), until };
    this.#known.set(origin, known);
    return known;
  }
}

/** A name that does not resolve, or resolves to an address we never ask, is not a matter of rules. */
function refuseDeadHost(outcome: HttpOutcome, url: URL): void {
  if (outcome.kind !== 'failed') return;
  const options = { context: { url: url.href }, cause: outcome.cause };
  if (outcome.failure === 'address-refused') throw new AddressRefusedError(outcome.message, options);
  if (outcome.failure === 'host-unknown' || outcome.failure === 'dns-unavailable') {
    throw new HostUnknownError(`"${url.hostname}" could not be found: ${outcome.message}`, options);
  }
}
