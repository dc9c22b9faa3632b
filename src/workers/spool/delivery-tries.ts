import { AppError } from '#lib/errors.ts';

const TRIES_MAX = 12;

/** Heartbeats come faster than every 5 s where workers begin and end sessions, and a server that is not well for a moment is no reason. */
const SPAN_MS = 60_000;

/**
 * How often in a row a server has failed at one file, which it may do for ever. To be counted only when the server has answered
 * something else just before: what fails because the server is not well is no fault of the file.
 */
export class DeliveryTries {
  readonly #spanMs: number;
  readonly #failed = new Map<string, { count: number; sinceMs: number }>();

  /** @param spanMs The last try comes so long after the first at the earliest. */
  constructor(spanMs = SPAN_MS) {
    this.#spanMs = spanMs;
  }

  /** @returns true when the file has had its last try; it is forgotten then. */
  noteFailure(file: string): boolean {
    const nowMs = performance.now();
    const { count, sinceMs } = this.#failed.get(file) ?? { count: 0, sinceMs: nowMs };
    const isLast = count + 1 >= TRIES_MAX && nowMs - sinceMs >= this.#spanMs;
    if (isLast) this.#failed.delete(file);
    else this.#failed.set(file, { count: count + 1, sinceMs });
    return isLast;
  }

  /** The server has taken it, or nothing of it waits any more. */
  forget(file: string): void {
    this.#failed.delete(file);
  }
}

/** What had to wait on disk was tried as long as anything is; the last failure is the cause. */
export class UndeliverableError extends AppError {
  readonly code = 'undeliverable';
  readonly disposition = 'retry';
  constructor(cause: Error) {
    super(`What waited on disk cannot be saved, however often it is tried: ${cause.message}`, { cause });
  }
}
