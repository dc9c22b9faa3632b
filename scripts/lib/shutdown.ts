import type { Output } from './output.ts';

/** Something that was started and has to be stopped. */
export interface Stoppable {
  name: string;
  /** What is higher is stopped earlier. */
  rank: number;
  /** In order and in peace. */
  stop(): Promise<void>;
  /** At once. */
  kill(): void | Promise<void>;
}

/** Nothing is stopped while something that needs it still runs. */
export const STOP_RANK = { workers: 3, dashboard: 2, demo: 1, database: 0 } as const;

/** Thrown where the start waits, when it is asked to stop. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';
}

/**
 * Stops what was started in the order of STOP_RANK: workers, dashboard, demo, database. The first SIGINT, SIGTERM or SIGHUP (or the end
 * of the process that started us) does so in peace, the second at once.
 */
export class Shutdown {
  readonly #output: Output;
  readonly #started: Stoppable[] = [];
  readonly #abort = new AbortController();
  readonly #requested: Promise<void>;
  #request: () => void = () => {};
  #killSignal: 'SIGINT' | 'SIGTERM' | null = null;
  readonly #hurried: (() => void)[] = [];

  constructor(output: Output) {
    this.#output = output;
    this.#requested = new Promise((resolve) => {
      this.#request = resolve;
    });
  }

  /** Aborted by the first request; for what runs while starting. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves at the first request. */
  get requested(): Promise<void> {
    return this.#requested;
  }

  listen(): void {
    process.on('SIGINT', () => this.#onSignal('SIGINT'));
    process.on('SIGTERM', () => this.#onSignal('SIGTERM'));
    process.on('SIGHUP', () => this.#onSignal('SIGTERM'));
    process.on('disconnect', () => this.#onSignal('SIGTERM'));
  }

  /**
   * Remembers what to stop. Where a stop was asked for meanwhile, the start goes no further.
   * @returns what forgets it again.
   */
  add(item: Stoppable): () => void {
    this.#started.push(item);
    this.throwIfRequested();
    return () => this.#started.splice(this.#started.indexOf(item), 1);
  }

  throwIfRequested(): void {
    if (this.signal.aborted) throw new StopRequested('asked to stop');
  }

  /** Stops everything. @returns the signal that made it hurry, or null. */
  async run(): Promise<'SIGINT' | 'SIGTERM' | null> {
    for (const item of this.#started.splice(0).sort((a, b) => b.rank - a.rank)) {
      this.#output.say('info', `stopping ${item.name}`);
      await Promise.race([item.stop(), this.#hurry(item)]);
    }
    return this.#killSignal;
  }

  /** Resolves when the second signal has come and the item is killed. */
  async #hurry(item: Stoppable): Promise<void> {
    if (this.#killSignal === null) await new Promise<void>((resolve) => this.#hurried.push(resolve));
    await item.kill();
  }

  #onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
    if (!this.signal.aborted) {
      this.#output.say('info', 'stopping (once more to stop at once)');
      this.#abort.abort();
      this.#request();
      return;
    }
    this.#killSignal = signal;
    for (const resolve of this.#hurried.splice(0)) resolve();
  }
}
