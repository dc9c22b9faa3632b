import type { BodyVerdict } from '#lib/scrapers/scraper-context.ts';
import type { FetchFailure, HttpOutcome } from './http-outcome.ts';
import type { PageInspection } from './page-inspection/inspect-page.ts';
import { STRONG } from './page-inspection/signature.ts';
import { isRedirect } from './redirect-policy.ts';
import { parseRetryAfter } from './retry-after.ts';

/** What one request came to. Each kind has exactly one row in result-policy.ts. */
export const RESULT_KINDS = [
  /** A usable page, results or a true "nothing found" included. */
  'done',
  /** The page is as it was when it was last read (304, or the same bytes). */
  'not-modified',
  'redirect',
  /** A login page where a page was asked for. */
  'auth-wall',
  /** A page with neither the marks of results nor those of "nothing found". */
  'layout-changed',
  /** 401, 451: this is not for us. */
  'forbidden',
  /** 403, or a page that is a block or a challenge, whatever its status. */
  'blocked',
  /** 404, 410. */
  'gone',
  /** 400, 405, 414 …, or a body that says so: the request itself is wrong. */
  'request-wrong',
  /** 202, 206, 408, 425: not the answer yet. */
  'not-yet',
  /** 429, or Retry-After with 202, 403, 408, 425 and 5xx: the host asks for less. */
  'throttled',
  'server-error',
  /** Reset, refused, or broken off. */
  'network',
  'timeout',
  'dns-unavailable',
  'host-unknown',
  'certificate',
  'address-refused',
  /** Too large, too slow, or not in its encoding. */
  'unusable',
  /** The proxy failed before the host was reached. */
  'proxy-fault',
  /** The proxy works, but says that it cannot, or will not, reach the host: one of the two is to blame. */
  'proxy-refused',
  'proxy-auth',
] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

export interface PageResult {
  kind: ResultKind;
  /** In words, without the URL. */
  reason: string;
  /** How long the host asks to be left alone, or to wait before its redirect is followed, where it says so. */
  retryAfterMs: number | null;
}

const FAILURES: Record<FetchFailure, ResultKind> = {
  timeout: 'timeout',
  'too-slow': 'unusable',
  network: 'network',
  incomplete: 'network',
  'host-unknown': 'host-unknown',
  'dns-unavailable': 'dns-unavailable',
  certificate: 'certificate',
  'address-refused': 'address-refused',
  'too-large': 'unusable',
  'bad-encoding': 'unusable',
  'proxy-unreachable': 'proxy-fault',
  'proxy-refused': 'proxy-refused',
  'proxy-broken': 'proxy-fault',
  'proxy-auth': 'proxy-auth',
};

/** Statuses whose meaning is not that of their class. */
const STATUSES: Record<number, ResultKind> = {
  202: 'not-yet',
  206: 'not-yet',
  401: 'forbidden',
  403: 'blocked',
  404: 'gone',
  408: 'not-yet',
  410: 'gone',
  425: 'not-yet',
  429: 'throttled',
  451: 'forbidden',
  501: 'request-wrong',
  505: 'request-wrong',
};

/** A site that says when to come back is asked then: where it would be asked again anyhow, and where it refuses us for now. */
const ASKED_WHEN_TOLD: readonly ResultKind[] = ['blocked', 'not-yet', 'server-error'];

/**
 * The result of an outcome by its failure or status alone.
 * @param validated whether the request was conditional: only then 304 is an answer.
 */
export function resultOf(outcome: HttpOutcome, now: Date, validated = false): PageResult {
  if (outcome.kind === 'failed') return result(FAILURES[outcome.failure], outcome.message);
  const { status, headers } = outcome;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], headers.date, now);
  const reason = `status ${status}`;
  if (status === 304) return result(validated ? 'not-modified' : 'request-wrong', reason);
  if (isRedirect(status)) return { kind: 'redirect', reason, retryAfterMs };
  const kind = STATUSES[status] ?? kindOfClass(status);
  if (retryAfterMs !== null && ASKED_WHEN_TOLD.includes(kind)) return { kind: 'throttled', reason, retryAfterMs };
  return { kind, reason, retryAfterMs: kind === 'throttled' ? retryAfterMs : null };
}

/** What a scraper found in a body with status 2xx: as if the status had said it. */
export function resultOfBody(body: BodyVerdict): PageResult {
  if (body.kind === 'ok') return result('done', 'ok');
  const reason = `the body says: ${body.reason}`;
  if (body.kind === 'retry') return result('server-error', reason);
  if (body.kind === 'refused') return result('request-wrong', reason);
  const asked = body.retryAfterMs ?? 0;
  return { kind: 'throttled', reason, retryAfterMs: asked > 0 ? asked : null };
}

/**
 * Lets the look of a page overrule its status, in one direction each: a page with status 2xx may turn out to be a block, a login
 * or another layout; one that the host refuses may be its way to ask for less, which its status has said already. An answer
 * that is "still to come" (202) has no look of its own: only the mark of a challenge tells that it never will.
 */
export function resultOfInspection(byStatus: PageResult, inspection: PageInspection): PageResult {
  const marks = inspection.evidence.map(({ rule }) => rule).join(', ');
  if (byStatus.kind === 'not-yet' && inspection.evidence.some(({ weight }) => weight >= STRONG)) {
    return result('blocked', `a block page (${marks})`);
  }
  if (byStatus.kind !== 'done' && byStatus.kind !== 'server-error') return byStatus;
  switch (inspection.kind) {
    case 'blocked':
      return result('blocked', `a block page (${marks})`);
    case 'auth-wall':
      return byStatus.kind === 'done' ? result('auth-wall', `a login page (${marks})`) : byStatus;
    case 'layout-changed':
      return byStatus.kind === 'done'
        ? result('layout-changed', 'neither results nor "nothing found" on it')
        : byStatus;
    default:
      return byStatus;
  }
}

function kindOfClass(status: number): ResultKind {
  if (status >= 200 && status < 300) return 'done';
  return status >= 500 ? 'server-error' : 'request-wrong';
}

function result(kind: ResultKind, reason: string): PageResult {
  return { kind, reason, retryAfterMs: null };
}
