/** What the runner does with a session when this error crosses the scraper boundary. */
export type ErrorDisposition = 'retry' | 'snooze' | 'fail' | 'cancelled' | 'interrupted' | 'lost' | 'skip-page';

export interface AppErrorOptions {
  context?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * Base of all errors that we expect. `code` is stored with the session, `disposition` says what follows;
 * nothing ever decides by the words of a message.
 */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly disposition: ErrorDisposition;
  readonly context: Record<string, unknown>;

  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.context = options.context ?? {};
  }
}

/** The host asks for less (429, 503 with Retry-After). The session sleeps until then; no attempt is charged. */
export class ThrottledError extends AppError {
  readonly code = 'throttled';
  readonly disposition = 'snooze';
  /** How long from now, in ms, the host wants to be left alone. */
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number, options: AppErrorOptions = {}) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The host may not be asked yet (pacing, pause, robots.txt unreachable). Like throttling, not a failure. */
export class HostNotReadyError extends AppError {
  readonly code = 'host_not_ready';
  readonly disposition = 'snooze';
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number, options: AppErrorOptions = {}) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The site answered, but refuses us (401, 403, 451, a challenge page), through one other proxy too where there was one. That is an
 * answer: whoever wants to hear it again starts the session by hand.
 */
export class BlockedError extends AppError {
  readonly code = 'blocked';
  readonly disposition = 'fail';
}

/** The proxy failed, not the target. */
export class ProxyError extends AppError {
  readonly code = 'proxy_failed';
  readonly disposition = 'snooze';
  readonly retryAfterMs: number = 30_000;
}

/** No proxy may be used for this host now, and the source does not allow to go without. The session waits. */
export class NoProxyError extends AppError {
  readonly code = 'no_proxy';
  readonly disposition = 'snooze';
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number, options: AppErrorOptions = {}) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The target could not be reached, or broke off, or answered 5xx, after the retries of one page were used up. */
export class NetworkError extends AppError {
  readonly code: string = 'network';
  readonly disposition = 'retry';
}

/** The name of the host could not be resolved: a wrong address, or this machine is offline. */
export class HostUnknownError extends NetworkError {
  override readonly code = 'host_unknown';
}

/** A deadline passed while fetching. */
export class FetchTimeoutError extends NetworkError {
  override readonly code = 'fetch_timeout';
}

/** This page is not there (404, 410). */
export class PageGoneError extends AppError {
  readonly code = 'page_gone';
  readonly disposition = 'skip-page';
}

/** robots.txt forbids this page; `context.line` is the line that says so. */
export class RobotsDisallowedError extends AppError {
  readonly code = 'robots_disallowed';
  readonly disposition = 'skip-page';
}

/** The body cannot be used: too large, a decompression bomb, too slow, wrong encoding. */
export class UnusableBodyError extends AppError {
  readonly code = 'unusable_body';
  readonly disposition = 'skip-page';
}

/** The address is one that a scraper may not ask (private, loopback, metadata, odd port). */
export class AddressRefusedError extends AppError {
  readonly code = 'address_refused';
  readonly disposition = 'skip-page';
}

/** The server says that the request itself is wrong (400, 405, 414 …): asking again changes nothing. */
export class RequestRefusedError extends AppError {
  readonly code = 'request_refused';
  readonly disposition = 'skip-page';
}

/** The page is beyond what may be parsed: nesting, attributes, nodes, time or memory; `context.limit` says which. */
export class ParseLimitError extends AppError {
  readonly code = 'parse_limit';
  readonly disposition = 'skip-page';
}

/** The parser itself broke: a bug in it, or a page that it was not written for. Its own stack is in the cause. */
export class PageParseError extends AppError {
  readonly code = 'parse_failed';
  readonly disposition = 'fail';
}

/** The answer is neither data nor "nothing found": the site changed, or our parser is wrong. Never zero leads. */
export class LayoutChangedError extends AppError {
  readonly code = 'layout_changed';
  readonly disposition = 'fail';
}

/** What was asked for cannot be done as asked: an unknown place, a bad parameter. */
export class InvalidInputError extends AppError {
  readonly code = 'invalid_input';
  readonly disposition = 'fail';
}

/** A person cancelled the session. */
export class CancelledError extends AppError {
  readonly code = 'cancelled';
  readonly disposition = 'cancelled';
}

/** The session ran past its timeout_at. Counts as an attempt. */
export class SessionTimeoutError extends AppError {
  readonly code = 'session_timeout';
  readonly disposition = 'retry';
}

/** We stop; the session goes back unharmed. */
export class ShutdownError extends AppError {
  readonly code = 'shutdown';
  readonly disposition = 'interrupted';
}

/** The claim is no longer ours: stop, write nothing. */
export class LeaseLostError extends AppError {
  readonly code = 'lease_lost';
  readonly disposition = 'lost';
}

/** The database cannot be reached. No fault of the session, which goes on at its last checkpoint, one that waits on disk included. */
export class DatabaseUnavailableError extends AppError {
  readonly code = 'database_unavailable';
  readonly disposition = 'interrupted';
}

/**
 * The server in front of the database is there, and does not do this one call: it may later, or never. Who makes the call waits as
 * for a database that is away; nobody else need wait for it.
 */
export class CallFailedError extends DatabaseUnavailableError {}
