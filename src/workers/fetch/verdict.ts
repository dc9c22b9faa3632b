import {
  AddressRefusedError,
  type AppError,
  BlockedError,
  FetchTimeoutError,
  HostUnknownError,
  NetworkError,
  PageGoneError,
  RequestRefusedError,
  UnusableBodyError,
} from '#lib/errors.ts';
import type { BodyVerdict } from '#lib/scrapers/scraper-context.ts';
import type { FetchFailure, HttpOutcome } from './http-outcome.ts';
import { isRedirect } from './redirect-policy.ts';
import { parseRetryAfter } from './retry-after.ts';

type ProblemKind = 'network' | 'timeout' | 'host-unknown' | 'blocked' | 'gone' | 'refused' | 'unusable' | 'address';

export interface Problem {
  kind: ProblemKind;
  /** In words, without the URL. */
  reason: string;
}

/** What an outcome means for the page. */
export type Verdict =
  | { kind: 'done' }
  | { kind: 'redirect' }
  /** Worth another try; costs one. */
  | { kind: 'retry'; problem: Problem }
  /** The host asks for less; costs no try. */
  | { kind: 'throttled'; problem: Problem; retryAfterMs: number | null }
  | { kind: 'final'; problem: Problem };

const FAILURES: Record<FetchFailure, { kind: ProblemKind; again: boolean }> = {
  timeout: { kind: 'timeout', again: true },
  'too-slow': { kind: 'unusable', again: false },
  network: { kind: 'network', again: true },
  incomplete: { kind: 'network', again: true },
  'host-unknown': { kind: 'host-unknown', again: false },
  'dns-unavailable': { kind: 'host-unknown', again: true },
  certificate: { kind: 'network', again: false },
  'address-refused': { kind: 'address', again: false },
  'too-large': { kind: 'unusable', again: false },
  'bad-encoding': { kind: 'unusable', again: false },
  'proxy-unreachable': { kind: 'network', again: true },
  'proxy-auth': { kind: 'network', again: true },
  'proxy-refused': { kind: 'network', again: true },
  'proxy-broken': { kind: 'network', again: true },
};

/** Statuses whose meaning is not that of their class. */
const STATUSES: Record<number, { kind: ProblemKind; again: boolean }> = {
  // The publisher still prepares the answer.
  202: { kind: 'network', again: true },
  // A part that we did not ask for.
  206: { kind: 'network', again: true },
  401: { kind: 'blocked', again: false },
  403: { kind: 'blocked', again: false },
  404: { kind: 'gone', again: false },
  408: { kind: 'network', again: true },
  410: { kind: 'gone', again: false },
  425: { kind: 'network', again: true },
  451: { kind: 'blocked', again: false },
  501: { kind: 'refused', again: false },
  505: { kind: 'refused', again: false },
};

/** The verdict on an outcome alone; a body with status 2xx may still be judged by `judgeBody`. */
export function judgeOutcome(outcome: HttpOutcome, now: Date): Verdict {
  if (outcome.kind === 'failed') {
    const { kind, again } = FAILURES[outcome.failure];
    return { kind: again ? 'retry' : 'final', problem: { kind, reason: outcome.message } };
  }
  const { status, headers } = outcome;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], headers.date, now);
  if (status === 429 || (status === 503 && retryAfterMs !== null)) {
    return { kind: 'throttled', retryAfterMs, problem: { kind: 'network', reason: `status ${status}` } };
  }
  if (isRedirect(status)) return { kind: 'redirect' };
  const special = STATUSES[status];
  if (special === undefined && status >= 200 && status < 300) return { kind: 'done' };
  const { kind, again } =
    special ?? (status >= 500 ? { kind: 'network', again: true } : { kind: 'refused', again: false });
  return { kind: again ? 'retry' : 'final', problem: { kind, reason: `status ${status}` } };
}

/** The verdict of a scraper on a body that came with status 2xx: as if the status had said it. */
export function judgeBody(body: BodyVerdict): Verdict {
  if (body.kind === 'ok') return { kind: 'done' };
  const reason = `the body says: ${body.reason}`;
  if (body.kind === 'retry') return { kind: 'retry', problem: { kind: 'network', reason } };
  if (body.kind === 'refused') return { kind: 'final', problem: { kind: 'refused', reason } };
  const retryAfterMs = body.retryAfterMs !== undefined && body.retryAfterMs > 0 ? body.retryAfterMs : null;
  return { kind: 'throttled', retryAfterMs, problem: { kind: 'network', reason } };
}

const ERRORS: Record<
  ProblemKind,
  new (
    message: string,
    options: { context: Record<string, unknown>; cause?: unknown },
  ) => AppError
> = {
  network: NetworkError,
  timeout: FetchTimeoutError,
  'host-unknown': HostUnknownError,
  blocked: BlockedError,
  gone: PageGoneError,
  refused: RequestRefusedError,
  unusable: UnusableBodyError,
  address: AddressRefusedError,
};

/** The error a scraper sees for a problem. */
export function errorOf(problem: Problem, url: URL, context: Record<string, unknown>, cause?: unknown): AppError {
  const ErrorClass = ERRORS[problem.kind];
  return new ErrorClass(`"${url.href}" could not be read: ${problem.reason}`, {
    context: { url: url.href, ...context },
    ...(cause === undefined ? {} : { cause }),
  });
}
