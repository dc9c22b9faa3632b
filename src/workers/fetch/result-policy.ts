import type { ScraperConfig } from '#lib/scraper-config.ts';
import type { ProxyUse } from '../proxy/proxy-routes.ts';
import type { SlotResult } from './host-pacer.ts';
import type { PageResult, ResultKind } from './page-result.ts';

/** What follows from a result, for the page, the proxy and the host. */
interface PolicyRow {
  /**
   * `accept`: the page is there. `follow`: ask the place that it names. `wait`: when the host may be asked again; costs no try.
   * `retry`: as long as there are tries. `once`: one more time, then no more. `give-up`: asking again changes nothing.
   */
  then: 'accept' | 'follow' | 'wait' | 'retry' | 'once' | 'give-up';
  /** How the use of the proxy counts. An answer of the site proves that the proxy works, whatever it says. */
  proxy: ProxyUse['effect'];
  /** Whether a next try goes through another proxy: at once, or from the second such result on. */
  rotate: 'never' | 'first' | 'second';
  /** What the host's pace learns. */
  host: SlotResult['kind'];
  /** Whether people get to see the page. */
  snapshot: boolean;
}

const row = (
  then: PolicyRow['then'],
  proxy: PolicyRow['proxy'],
  rotate: PolicyRow['rotate'],
  host: PolicyRow['host'],
  snapshot = false,
): PolicyRow => ({ then, proxy, rotate, host, snapshot });

/** Rows are in the order of RESULT_KINDS. */
export const RESULT_POLICY: Record<ResultKind, PolicyRow> = {
  done: row('accept', 'success', 'never', 'served'),
  'not-modified': row('accept', 'success', 'never', 'served'),
  redirect: row('follow', 'success', 'never', 'served'),
  'auth-wall': row('give-up', 'neutral', 'never', 'served', true),
  'layout-changed': row('once', 'neutral', 'first', 'served', true),
  forbidden: row('give-up', 'neutral', 'never', 'refused', true),
  blocked: row('once', 'ban', 'first', 'refused', true),
  gone: row('give-up', 'success', 'never', 'served'),
  'request-wrong': row('give-up', 'success', 'never', 'served'),
  'not-yet': row('retry', 'success', 'never', 'served'),
  throttled: row('wait', 'success', 'never', 'throttled'),
  'server-error': row('retry', 'success', 'second', 'error'),
  network: row('retry', 'half-fault', 'first', 'error'),
  timeout: row('retry', 'half-fault', 'first', 'error'),
  'dns-unavailable': row('retry', 'neutral', 'never', 'neutral'),
  'host-unknown': row('give-up', 'neutral', 'never', 'neutral'),
  certificate: row('give-up', 'neutral', 'never', 'error'),
  'address-refused': row('give-up', 'neutral', 'never', 'neutral'),
  unusable: row('give-up', 'neutral', 'never', 'served', true),
  // What is tried again here has failed with two proxies already (see paced-client.ts).
  'proxy-fault': row('give-up', 'fault', 'first', 'neutral'),
  // Said by two proxies of one host, it is more likely the host: else a site that is down would empty the pool.
  'proxy-refused': row('give-up', 'half-fault', 'first', 'error'),
  'proxy-auth': row('give-up', 'bad-credentials', 'first', 'neutral'),
};

export type Decision =
  | { do: 'accept' }
  | { do: 'follow' }
  | { do: 'wait' }
  | { do: 'retry'; delayMs: number; otherProxy: boolean }
  | { do: 'give-up' };

type RetrySettings = Pick<ScraperConfig, 'maxRetries' | 'retryDelay' | 'retryBackoff'>;

/** How patient the stack is with results that deserve exactly one more try. */
export interface Patience {
  /** Before a refused page is asked through one other proxy, in ms. */
  refusedMs: number;
  /** Before a page that looks like another layout is asked again, in ms: a deployment may be under way. */
  layoutMs: number;
}

export const PATIENCE: Patience = { refusedMs: 60_000, layoutMs: 30_000 };

export interface PageHistory {
  /** Tries of this page that failed, this one included. */
  tries: number;
  /** How many of them had this kind of result, this one included. */
  sameKind: number;
  viaProxy: boolean;
}

/** Longest pause between two tries of one page. */
const DELAY_MAX_MS = 300_000;

/**
 * What follows from a result. A refusal is an answer: without another proxy it is not asked again, and with one once.
 * @param random in [0, 1).
 */
export function decide(
  { kind }: Pick<PageResult, 'kind'>,
  history: PageHistory,
  settings: RetrySettings,
  patience: Patience = PATIENCE,
  random: () => number = Math.random,
): Decision {
  const { then, rotate } = RESULT_POLICY[kind];
  if (then === 'accept' || then === 'follow' || then === 'wait') return { do: then };
  if (then === 'give-up' || history.tries > settings.maxRetries) return { do: 'give-up' };
  const otherProxy = rotate === 'first' || (rotate === 'second' && history.sameKind >= 2);
  if (then === 'retry') return { do: 'retry', delayMs: retryDelayMs(history.tries, settings, random), otherProxy };
  if (history.sameKind > 1 || (kind === 'blocked' && !history.viaProxy)) return { do: 'give-up' };
  return { do: 'retry', delayMs: kind === 'blocked' ? patience.refusedMs : patience.layoutMs, otherProxy };
}

/**
 * The n-th pause is retryDelay × retryBackoff^(n−1), with up to a quarter more so that sessions do not march in step.
 * @param tries made so far, the first included.
 */
function retryDelayMs(tries: number, settings: RetrySettings, random: () => number): number {
  const delayMs = settings.retryDelay * settings.retryBackoff ** (tries - 1) * (1 + random() / 4);
  return Math.min(DELAY_MAX_MS, Math.round(delayMs));
}

/** Throttled answers that one page may wait out in place, before its session steps back. */
const THROTTLES_MAX = 5;

/** Longest back-off of a host that is waited out in place, in ms. */
const THROTTLE_WAIT_MAX_MS = 15_000;

/** Whether a back-off of this length is waited out in place; else the session sleeps and other work runs. */
export function waitsInPlace(backoffMs: number, throttles: number): boolean {
  return backoffMs <= THROTTLE_WAIT_MAX_MS && throttles <= THROTTLES_MAX;
}
