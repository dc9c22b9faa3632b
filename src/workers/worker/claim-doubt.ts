/** A claim whose answer was lost may be carried out so much later: a server lets a statement run for 20 s, and a proxy keeps a request for a while. */
const MAY_STILL_RUN_MS = 30_000;

/**
 * Whether this worker may hold sessions that it does not know of, since the answer to a claim was lost. Only a look that begins when
 * that claim can no longer be carried out ends the doubt, however late it comes: the lease of such a session is renewed with all others.
 * It begins in doubt: a claim of an earlier process of its name may still be under way.
 */
export class ClaimDoubt {
  readonly #mayStillRunMs: number;
  /** On the monotonic clock; null without a doubt. */
  #untilMs: number | null = null;

  constructor(mayStillRunMs = MAY_STILL_RUN_MS) {
    this.#mayStillRunMs = mayStillRunMs;
    this.raise();
  }

  get isOpen(): boolean {
    return this.#untilMs !== null;
  }

  /** How long a lost claim may still be carried out; 0 once it cannot. */
  get remainingMs(): number {
    return this.#untilMs === null ? 0 : Math.max(0, this.#untilMs - performance.now());
  }

  /** The answer to a claim was lost. */
  raise(): void {
    this.#untilMs = performance.now() + this.#mayStillRunMs;
  }

  /** All that is held is known. @param lookedAtMs when that was asked; on the monotonic clock. */
  settle(lookedAtMs: number): void {
    if (this.#untilMs !== null && lookedAtMs >= this.#untilMs) this.#untilMs = null;
  }
}
