import { DatabaseUnavailableError } from '#lib/errors.ts';
import { monotonicNowMs } from '../messages.ts';

/**
 * The worker's side of its lease. The manager renews it in the database and tells until when it is safe; when that moment
 * passes without news, `onExpired` is called, some seconds before anybody else may take the sessions.
 */
export class LeaseKeeper {
  readonly #onExpired: () => void;
  #safeUntilMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #gone = new AbortController();

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** True while claims and writes are allowed. */
  get isSafe(): boolean {
    return monotonicNowMs() < this.#safeUntilMs;
  }

  /** @param safeUntilMs on the monotonic clock of this machine. */
  renew(safeUntilMs: number): void {
    if (this.#gone.signal.aborted) this.#gone = new AbortController();
    this.#safeUntilMs = safeUntilMs;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), Math.max(0, safeUntilMs - monotonicNowMs()));
  }

  /** The lease is known to be gone; what follows is left to the caller, who knows why. */
  drop(): void {
    this.#safeUntilMs = 0;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#gone.abort(new DatabaseUnavailableError('The lease ran out before the database answered'));
  }

  /** Waits for `work` while the lease lasts. @throws DatabaseUnavailableError when it ends first; the work goes on alone. */
  async within<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#gone;
    const over = new AbortController();
    const gone = new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
    });
    try {
      return await Promise.race([work, gone]);
    } finally {
      over.abort();
    }
  }

  #check(): void {
    this.#timer = null;
    // Timers may fire a little early.
    if (this.isSafe) {
      this.renew(this.#safeUntilMs);
    } else {
      this.drop();
      this.#onExpired();
    }
  }
}
