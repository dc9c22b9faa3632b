import {
  AddressRefusedError,
  HostNotReadyError,
  HostUnknownError,
  NoProxyError,
  ProxyError,
  RobotsDisallowedError,
} from '#lib/errors.ts';
import { checkUrl } from '#lib/net/address-guard.ts';
import { hostKeyOf } from '#lib/net/host-key.ts';
import { shownUrl } from '../pages/shown-url.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import type { FetchSession } from './fetch-session.ts';
import type { HostPacer } from './host-pacer.ts';
import type { HttpOutcome } from './http-outcome.ts';
import type { PacedClient } from './paced-client.ts';
import { type PageResult, type ResultKind, resultOf } from './page-result.ts';
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

/** robots.txt lets the URL pass. */
export interface RobotsPass {
  /** The Crawl-delay of our group in ms, 0 for none. */
  crawlDelayMs: number;
  /** The moment of performance.now() until which this holds. */
  until: number;
}

interface KnownRobots {
  /** Without the file itself. */
  finding: RobotsFinding;
  /** Length of the file that the rules were read from. */
  chars: number;
  rules: RobotsRules;
  until: number;
}

const TIMEOUT_MS = 10_000;
/** A finding is looked up again in the store after this time at the latest, so that a reset reaches every worker. */
const MEMORY_MS = 300_000;
const MEMORY_ENTRIES_MAX = 500;
/** Of the files whose rules are kept, together: a file of the shortest rules takes forty times its size, so this is some 80 MB at worst. */
const MEMORY_CHARS_MAX = 2 * 1024 * 1024;
/** A host that asks for a longer Crawl-delay is not read at all; it is never read faster than it asks. */
const CRAWL_DELAY_MAX_MS = 3_600_000;
/** One look may wait for its host's slot and then for an answer; whoever waits for it longer lets other work run. */
const LOOK_TTL_MS = 30_000;
const LOOK_POLL_MS = 250;
const LOOK_WAIT_MAX_MS = 15_000;

/** Lets a URL pass only where the site's robots.txt does, and says how slowly. */
export class RobotsGate {
  readonly #options: RobotsGateOptions;
  readonly #known = new Map<string, KnownRobots>();
  #knownChars = 0;
  readonly #looking = new Map<string, { looking: Promise<KnownRobots>; signal: AbortSignal }>();
  /** Origins whose look may have been granted to us in an answer that was lost. */
  readonly #unsure = new Set<string>();

  constructor(options: RobotsGateOptions) {
    this.#options = options;
  }

  /**
   * @throws RobotsDisallowedError with the line that decided; HostNotReadyError while the rules cannot be read or the
   *   Crawl-delay is beyond an hour; HostUnknownError; AddressRefusedError; and what the client and the signal throw.
   */
  async pass(url: URL, floorMs: number, session: FetchSession): Promise<RobotsPass> {
    const hostKey = hostKeyOf(url, session.config.paceBy);
    session.noteHost(hostKey);
    const { finding, rules, until } = await this.#rulesOf(url, floorMs, session);
    const robotsUrl = `${url.origin}/robots.txt`;
    if (finding.outcome === 'unreachable') {
      throw new HostNotReadyError(
        `"${robotsUrl}" could not be read (${finding.reason ?? 'no reason known'}); its host is left alone until it can`,
        Math.max(1000, Math.round(until - performance.now())),
        { context: { hostKey, robotsUrl, reason: finding.reason, failures: finding.failures } },
      );
    }
    const verdict = judgeUrl(rules, this.#options.productToken, url);
    if (!verdict.allowed) {
      throw new RobotsDisallowedError(
        `"${robotsUrl}" line ${verdict.line} forbids "${shownUrl(url.href)}": ${verdict.rule}`,
        {
          context: { url: shownUrl(url.href), robotsUrl, line: verdict.line, rule: verdict.rule },
        },
      );
    }
    return { crawlDelayMs: await this.#crawlDelay(rules, hostKey, robotsUrl), until };
  }

  async #crawlDelay(rules: RobotsRules, hostKey: string, robotsUrl: string): Promise<number> {
    const delayMs = findCrawlDelayMs(rules, this.#options.productToken) ?? 0;
    if (delayMs <= CRAWL_DELAY_MAX_MS) return delayMs;
    const reason = `"${robotsUrl}" asks for a Crawl-delay of ${delayMs / 1000} s; more than an hour is not waited for`;
    await this.#options.pacer.pause(hostKey, CRAWL_DELAY_MAX_MS, reason);
    throw new HostNotReadyError(reason, CRAWL_DELAY_MAX_MS, {
      context: { hostKey, robotsUrl, crawlDelayMs: delayMs },
    });
  }

  /** All that wait for one origin share one look; when the session that looks is ended, another looks. */
  async #rulesOf(url: URL, floorMs: number, session: FetchSession): Promise<KnownRobots> {
    for (;;) {
      session.signal.throwIfAborted();
      const known = this.#known.get(url.origin);
      if (known && known.until > performance.now()) return known;
      const shared = this.#looking.get(url.origin) ?? this.#startLook(url, floorMs, session);
      try {
        return await shared.looking;
      } catch (error) {
        const isOwn = shared.signal === session.signal;
        // A shortage of proxies is the other session's, which may be of another source.
        if (isOwn || !(shared.signal.aborted || isProxyTrouble(error))) throw error;
      }
    }
  }

  #startLook(url: URL, floorMs: number, session: FetchSession) {
    const { origin } = url;
    const looking = this.#look(url, floorMs, session).finally(() => this.#looking.delete(origin));
    const shared = { looking, signal: session.signal };
    this.#looking.set(origin, shared);
    return shared;
  }

  /** Of all processes that share the store one fetches the file; the others wait for what it finds. */
  async #look(url: URL, floorMs: number, session: FetchSession): Promise<KnownRobots> {
    const { store } = this.#options;
    const waitUntil = performance.now() + LOOK_WAIT_MAX_MS;
    for (;;) {
      const stored = await store.find(url.origin);
      if (stored !== null && stored.freshForMs > 0) return this.#remember(url.origin, stored);
      if (await this.#claimLook(url.origin)) {
        const failures = stored?.outcome === 'unreachable' ? stored.failures : 0;
        return await this.#lookAfresh(url, failures, floorMs, session);
      }
      if (performance.now() > waitUntil) throw stillLooking(url, session);
      await sleepUnlessAborted(LOOK_POLL_MS, session.signal);
    }
  }

  /** A look that was granted in an answer that was lost is given up first: nobody would look before it ends, which takes long. */
  async #claimLook(origin: string): Promise<boolean> {
    const { store } = this.#options;
    if (this.#unsure.has(origin)) {
      await store.endLook(origin);
      this.#unsure.delete(origin);
    }
    try {
      return await store.claimLook(origin, LOOK_TTL_MS);
    } catch (error) {
      this.#unsure.add(origin);
      throw error;
    }
  }

  async #lookAfresh(url: URL, failures: number, floorMs: number, session: FetchSession): Promise<KnownRobots> {
    const { store } = this.#options;
    try {
      const finding = await this.#fetchRules(url, failures, floorMs, session);
      await store.save(url.origin, finding);
      session.log(finding.outcome === 'unreachable' ? 'warn' : 'info', `${url.origin}/robots.txt: ${finding.outcome}`, {
        httpStatus: finding.httpStatus,
        reason: finding.reason,
      });
      return this.#remember(url.origin, finding);
    } catch (error) {
      // Nothing was learnt: another may look at once. A store that is away lets the claim expire.
      await store.endLook(url.origin).catch(() => {});
      throw error;
    }
  }

  async #fetchRules(url: URL, failures: number, floorMs: number, session: FetchSession): Promise<RobotsFinding> {
    let hop: Hop = { url: new URL('/robots.txt', url), method: 'GET', headers: { accept: 'text/plain' }, body: null };
    for (let hops = 0; ; hops += 1) {
      const allowed = checkUrl(hop.url, this.#options.allow);
      if (!allowed.ok)
        return unreachable(null, `it leads to "${shownUrl(hop.url.href)}", and ${allowed.reason}`, failures);
      const outcome = await this.#send(hop, floorMs, session);
      if (hops === 0) refuseDeadHost(outcome, hop.url);
      if (outcome.kind === 'failed' || !isRedirect(outcome.status)) {
        return findingOf(outcome, failures, this.#options.productToken);
      }
      const next = followRedirect(hop, outcome.status, outcome.headers.location, hops);
      if (next.kind === 'refuse') return unreachable(outcome.status, next.reason, failures);
      hop = next.hop;
    }
  }

  async #send(hop: Hop, floorMs: number, session: FetchSession): Promise<HttpOutcome> {
    const { client, pacer } = this.#options;
    const request = {
      ...hop,
      floorMs,
      robotsMs: 0,
      timeoutMs: Math.min(TIMEOUT_MS, session.config.timeout),
      allowedUntil: Number.POSITIVE_INFINITY,
      avoidProxies: [],
    };
    const sent = await client.send(request, session, async ({ outcome }) => {
      const result = resultOfRobots(outcome);
      if (result.kind === 'throttled') {
        await pacer.reportBackoff(hostKeyOf(hop.url, session.config.paceBy), result.retryAfterMs);
      }
      return result;
    });
    if (sent === null) throw new Error('robots.txt itself needs no permission');
    refuseDeadProxy(sent.outcome, hop.url);
    return sent.outcome;
  }

  #remember(origin: string, finding: RobotsFinding): KnownRobots {
    const body = finding.body ?? '';
    const until =
      performance.now() + Math.min(finding.freshForMs, finding.outcome === 'rules' ? MEMORY_MS : finding.freshForMs);
    const known = { finding: { ...finding, body: null }, chars: body.length, rules: parseRobots(body), until };
    this.#forget(origin);
    this.#makeRoom(known.chars);
    this.#known.set(origin, known);
    this.#knownChars += known.chars;
    return known;
  }

  /** What was learnt first goes first; the store still has it. */
  #makeRoom(chars: number): void {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MEMORY_ENTRIES_MAX && this.#knownChars + chars <= MEMORY_CHARS_MAX) return;
      this.#forget(oldest);
    }
  }

  #forget(origin: string): void {
    this.#knownChars -= this.#known.get(origin)?.chars ?? 0;
    this.#known.delete(origin);
  }
}

/** A robots.txt that is not there, or not for us, says that there are no rules, and refuses nothing (RFC 9309 section 2.3.1.3). */
function resultOfRobots(outcome: HttpOutcome): PageResult {
  const result = resultOf(outcome, new Date());
  return NO_RULES.includes(result.kind) ? { ...result, kind: 'done' } : result;
}

const NO_RULES: readonly ResultKind[] = ['gone', 'blocked', 'forbidden', 'request-wrong'];

function isProxyTrouble(error: unknown): boolean {
  return error instanceof NoProxyError || error instanceof ProxyError;
}

function stillLooking(url: URL, session: FetchSession): HostNotReadyError {
  return new HostNotReadyError(`"${url.origin}/robots.txt" is being fetched by another worker`, LOOK_POLL_MS, {
    context: { hostKey: hostKeyOf(url, session.config.paceBy) },
  });
}

/** A proxy that failed says nothing about the site's rules. */
function refuseDeadProxy(outcome: HttpOutcome, url: URL): void {
  const { kind, reason } = resultOf(outcome, new Date());
  if (kind !== 'proxy-fault' && kind !== 'proxy-auth') return;
  const shown = shownUrl(url.href);
  throw new ProxyError(`"${shown}" could not be read: ${reason}`, { context: { url: shown } });
}

/** A name that does not resolve, or resolves to an address we never ask, is not a matter of rules. */
function refuseDeadHost(outcome: HttpOutcome, url: URL): void {
  if (outcome.kind !== 'failed') return;
  const options = { context: { url: shownUrl(url.href) }, cause: outcome.cause };
  if (outcome.failure === 'address-refused') throw new AddressRefusedError(outcome.message, options);
  if (outcome.failure === 'host-unknown' || outcome.failure === 'dns-unavailable') {
    throw new HostUnknownError(`"${url.hostname}" could not be found: ${outcome.message}`, options);
  }
}
