import type { Executor } from '#lib/db/create-db.ts';
import type { Claimer } from './claimer.ts';
import { promoteHostLines } from './transitions/promote-host-lines.ts';

/** The lines of sessions that wait for a host, as one process moves them on. */
export class HostLines {
  readonly #db: Executor;
  readonly #claimer: Claimer;
  readonly #onError: (error: unknown) => void;

  /** @param onError told of lines that could not move on; the next tick makes up for it. */
  constructor(db: Executor, claimer: Claimer, onError: (error: unknown) => void) {
    this.#db = db;
    this.#claimer = claimer;
    this.#onError = onError;
  }

  /**
   * A place has become free at these hosts, or somebody has joined their lines. Whoever asks is about to claim, so the next
   * session of the host goes on without a notification. What was done before stays done when this fails.
   */
  async move(hostKeys: readonly string[]): Promise<void> {
    if (hostKeys.length === 0) return;
    try {
      if ((await promoteHostLines(this.#db, [...new Set(hostKeys)])) > 0) this.#claimer.noteNewWork();
    } catch (error) {
      this.#onError(error);
    }
  }
}
