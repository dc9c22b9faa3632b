import { randomBytes } from 'node:crypto';
import { type EchoAnswer, readEcho } from '#lib/echo-answer.ts';
import { type DirectSight, findHeaderLeaks } from './header-leaks.ts';
import type { CheckSight } from './health-store.ts';
import type { ProxyEndpoint } from './proxy-url.ts';

/** What one request of a check came to; the fetch stack's HttpOutcome is one. */
export type CheckAnswer =
  | { kind: 'response'; status: number; body: Buffer; durationMs: number }
  | { kind: 'failed'; failure: string; message: string; durationMs: number };

/** Sends one GET, through the proxy or, with null, directly. Resolves at the latest after `timeoutMs`; throws only the signal's reason. */
export type SendCheck = (
  url: string,
  proxy: ProxyEndpoint | null,
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<CheckAnswer>;

export interface EchoEndpoint {
  send: SendCheck;
  /** As proxies reach it. */
  url: string;
  /** What its answers are signed with. */
  key: Buffer;
}

/** Whether the endpoint answers without a proxy, and what it sees then. */
export type DirectLook =
  | { kind: 'ours'; sight: DirectSight }
  | { kind: 'unreachable'; why: string }
  /** It signs with another key than ours. */
  | { kind: 'other-key' };

export type CheckResult =
  | { kind: 'passed'; durationMs: number; sight: CheckSight }
  | { kind: 'failed'; durationMs: number; error: string; badCredentials: boolean }
  /** It may be our endpoint, not the proxy, that fails. */
  | { kind: 'undecided'; error: string };

const REQUESTS = 2;
/** Two of them end before the deadline of a check. */
const REQUEST_TIMEOUT_MS = 20_000;

/** Looks at the endpoint without a proxy. */
export async function lookDirectly(echo: EchoEndpoint, signal: AbortSignal): Promise<DirectLook> {
  const nonce = randomBytes(16).toString('hex');
  const answer = await echo.send(urlWith(echo.url, nonce), null, REQUEST_TIMEOUT_MS, signal);
  if (answer.kind === 'failed') return { kind: 'unreachable', why: answer.message };
  const reading = readEcho(answer.body, nonce, echo.key);
  if (reading.kind === 'ours') return { kind: 'ours', sight: reading.answer };
  if (reading.kind === 'unsigned') return { kind: 'other-key' };
  return { kind: 'unreachable', why: `something else answers (HTTP ${answer.status})` };
}

/**
 * Checks a proxy by two requests through it to our own echo endpoint, each with a nonce that nobody can know: only a body with
 * our signature over it counts, so no page that a proxy serves itself does.
 */
export async function checkProxy(
  echo: EchoEndpoint,
  proxy: ProxyEndpoint,
  direct: DirectLook,
  signal: AbortSignal,
): Promise<CheckResult> {
  let durationMs = 0;
  let seen: EchoAnswer | null = null;
  for (let request = 0; request < REQUESTS; request += 1) {
    const nonce = randomBytes(16).toString('hex');
    const answer = await echo.send(urlWith(echo.url, nonce), proxy, REQUEST_TIMEOUT_MS, signal);
    const reading = answer.kind === 'response' ? readEcho(answer.body, nonce, echo.key) : { kind: 'foreign' as const };
    if (reading.kind !== 'ours') return explain(answer, reading.kind, { echoUrl: echo.url, proxy, direct });
    seen = reading.answer;
    durationMs += answer.durationMs / REQUESTS;
  }
  if (seen === null) return { kind: 'undecided', error: 'No request was sent' };
  const sight = direct.kind === 'ours' ? direct.sight : null;
  return {
    kind: 'passed',
    durationMs,
    sight: { exitAddress: seen.address, headerLeaks: findHeaderLeaks(seen, sight) },
  };
}

interface CheckPlace {
  echoUrl: string;
  proxy: ProxyEndpoint;
  direct: DirectLook;
}

/** Failures that only the proxy itself can have. */
const PROXYS_OWN = ['proxy-unreachable', 'proxy-auth', 'proxy-broken'];

function explain(answer: CheckAnswer, reading: 'foreign' | 'unsigned', place: CheckPlace): CheckResult {
  const { durationMs } = answer;
  const failed = (error: string, badCredentials = false): CheckResult => ({
    kind: 'failed',
    durationMs,
    error,
    badCredentials,
  });
  if (reading === 'unsigned') return failed('The answer to the check has another signature: it was changed on its way');
  if (answer.kind === 'failed' && PROXYS_OWN.includes(answer.failure)) {
    return failed(answer.message, answer.failure === 'proxy-auth');
  }
  const problem =
    answer.kind === 'failed'
      ? `The check did not come through: ${answer.message}`
      : `The check was answered by a page that is not ours (HTTP ${answer.status})`;
  const error = withHint(problem, place);
  const mayBeOurs = isOutOfReach(place) || place.direct.kind !== 'ours' || isRefusedByUs(answer);
  return mayBeOurs ? { kind: 'undecided', error } : failed(error);
}

function withHint(error: string, place: CheckPlace): string {
  if (isOutOfReach(place)) {
    return `${error}. "${place.echoUrl}" can only be reached from this machine: set EKO_ECHO_URL to the address under which proxies reach the dashboard`;
  }
  if (place.direct.kind !== 'unreachable') return error;
  return `${error}. "${place.echoUrl}" does not answer without a proxy either (${place.direct.why}): is the dashboard running, and EKO_ECHO_URL right?`;
}

/** A proxy elsewhere cannot reach what listens on this machine's loopback. */
function isOutOfReach({ echoUrl, proxy }: CheckPlace): boolean {
  return isLoopback(new URL(echoUrl).hostname) && !isLoopback(proxy.host);
}

/** Our own guard against private addresses: the proxy was not even asked. */
function isRefusedByUs(answer: CheckAnswer): boolean {
  return answer.kind === 'failed' && answer.failure === 'address-refused';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function urlWith(echoUrl: string, nonce: string): string {
  const url = new URL(echoUrl);
  url.searchParams.set('nonce', nonce);
  return url.href;
}
