import { AppError } from '#lib/errors.ts';

/** With a heartbeat every 5 s this is a minute. */
const TRIES_MAX = 12;

/**
 * How often in a row a server has failed at one file, which it may do for ever. To be counted only when the server has answered
 * something else just before: what fails because the server is not well is no fault of the file.
 */
export class DeliveryTries {
  readonly #failed = new Map<string, number>();

  /** @returns true when the file has had its last try; it is forgotten then. */
  noteFailure(file: string): boolean {
    const failed = (this.#failed.get(file) ?? 0) + 1;
    if (failed < TRIES_MAX) this.#failed.set(file, failed);
    else this.#failed.delete(file);
    return failed >= TRIES_MAX;
  }

  forget(file: string): void {
    this.#failed.delete(file);
  }
}

/** What had to wait on disk was tried as often as anything is; the last failure is the cause. */
export class UndeliverableError extends AppError {
  readonly code = 'undeliverable';
  readonly disposition = 'retry';
  constructor(cause: Error) {
    super(`What waited on disk cannot be saved, after ${TRIES_MAX} tries: ${cause.message}`, { cause });
  }
}
