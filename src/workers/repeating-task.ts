import { outageDelayMs } from './database-retry.ts';

export interface RepeatingTaskOptions {
  run: () => Promise<void>;
  /** Pause after a run that went well; up to a quarter of it is left out at random, so that many managers spread out. */
  intervalMs: number;
  /** Longest pause after runs that failed. */
  failureCapMs: number;
  /** Called for the first failure of a row of them, with the error, and for the first success after it, with null. */
  onTrouble: (error: unknown) => void;
}

/** Runs something again and again, one run at a time, for ever: a failure only changes the pause. */
export class RepeatingTask {
  readonly #options: RepeatingTaskOptions;
  #timer: NodeJS.Timeout | null = null;
  #dueAtMs = 0;
  #running: Promise<void> | null = null;
  #againInMs: number | null = null;
  #failures = 0;
  #stopped = false;

  constructor(options: RepeatingTaskOptions) {
    this.#options = options;
  }

  start(): void {
    this.soon(0);
  }

  /** The next run comes at the latest in `delayMs`; called during a run, it means one more after it. */
  soon(delayMs: number): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#againInMs = Math.min(this.#againInMs ?? Number.POSITIVE_INFINITY, delayMs);
      return;
    }
    const dueAtMs = performance.now() + delayMs;
    if (this.#timer && this.#dueAtMs <= dueAtMs) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#running = this.#runOnce();
    }, delayMs);
  }

  /** Resolves when a run under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#running;
  }

  async #runOnce(): Promise<void> {
    let pauseMs = this.#options.intervalMs * (1 - Math.random() / 4);
    try {
      await this.#options.run();
      if (this.#failures > 0) this.#options.onTrouble(null);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures === 1) this.#options.onTrouble(error);
      pauseMs = outageDelayMs(this.#failures, this.#options.failureCapMs);
    }
    this.#running = null;
    const againInMs = this.#againInMs;
    this.#againInMs = null;
    this.soon(againInMs !== null && this.#failures === 0 ? Math.min(againInMs, pauseMs) : pauseMs);
  }
}
