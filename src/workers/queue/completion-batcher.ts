import { setTimeout as wait } from 'node:timers/promises';
import { jitteredBackoffMs } from '#lib/backoff.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import type { Completion } from './transitions/complete.ts';

export interface CompletionBatcherOptions {
  /** JobQueue.complete; must be safe to repeat. */
  complete: (items: readonly Completion[]) => Promise<Set<number>>;
  /** Most completions in one statement; default 500: larger ones gain nothing more and hold their locks longer. */
  batchSize?: number;
  /** How long a completion may wait for company; default 2 ms. */
  delayMs?: number;
  /** Statements under way at once; default 1, which lets the next batch fill up meanwhile. */
  concurrency?: number;
  /** Completions waiting or under way beyond which add() makes its caller wait; default 10,000. */
  backlogMax?: number;
  /** Told of each statement that failed. */
  onError?: (error: unknown) => void;
}

interface Waiting {
  item: Completion;
  settle: PromiseWithResolvers<boolean>;
}

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 5_000;

/**
 * Collects completions of many sessions into few statements (batching is worth 10 to 20 times). While the database
 * is away a statement is repeated with growing delays until stop(). One that is refused is parted, so that an item which can never be
 * saved fails alone. Nothing is dropped, and nobody is told "completed" before the commit.
 */
export class CompletionBatcher {
  readonly #options: Required<CompletionBatcherOptions>;
  readonly #waiting: Waiting[] = [];
  readonly #room: PromiseWithResolvers<void>[] = [];
  readonly #stopping = new AbortController();
  #underWay = 0;
  #statements = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: CompletionBatcherOptions) {
    this.#options = {
      batchSize: 500,
      delayMs: 2,
      concurrency: 1,
      backlogMax: 10_000,
      onError: () => {},
      ...options,
    };
  }

  /**
   * Resolves after the commit: true when the claim was still good, false when it was stale.
   * @throws what the database says of this item when it refuses it for good.
   */
  async add(item: Completion): Promise<boolean> {
    while (this.#backlog() >= this.#options.backlogMax && !this.#stopping.signal.aborted) await this.#nextRoom();
    if (this.#stopping.signal.aborted) throw new Error('The completion batcher has been stopped.');
    const settle = Promise.withResolvers<boolean>();
    this.#waiting.push({ item, settle });
    this.#schedule();
    return settle.promise;
  }

  /** Flushes what waits. A batch that fails from here on is tried once more and then given up: its callers get the error. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const room of this.#room.splice(0)) room.resolve();
    this.#flush();
    if (this.#backlog() === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  #backlog(): number {
    return this.#waiting.length + this.#underWay;
  }

  #nextRoom(): Promise<void> {
    const room = Promise.withResolvers<void>();
    this.#room.push(room);
    return room.promise;
  }

  #schedule(): void {
    if (this.#waiting.length >= this.#options.batchSize) this.#flush();
    else if (this.#statements < this.#options.concurrency) {
      this.#timer ??= setTimeout(() => this.#flush(), this.#options.delayMs);
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#statements < this.#options.concurrency && this.#waiting.length > 0) {
      void this.#send(this.#waiting.splice(0, this.#options.batchSize));
    }
  }

  async #send(batch: Waiting[]): Promise<void> {
    this.#statements += 1;
    this.#underWay += batch.length;
    await this.#settle(batch);
    this.#statements -= 1;
    this.#underWay -= batch.length;
    for (const room of this.#room.splice(0, batch.length)) room.resolve();
    // What came meanwhile has waited for long enough.
    this.#flush();
    if (this.#backlog() === 0) this.#idle?.resolve();
  }

  /** Tells all of a batch what became of them; never throws. */
  async #settle(batch: Waiting[]): Promise<void> {
    try {
      const done = await this.#completeUntilStopped(batch.map(({ item }) => item));
      for (const { item, settle } of batch) settle.resolve(done.has(item.id));
    } catch (error) {
      if (batch.length > 1 && !isDatabaseOutage(error)) {
        const half = Math.ceil(batch.length / 2);
        await this.#settle(batch.slice(0, half));
        await this.#settle(batch.slice(half));
      } else for (const { settle } of batch) settle.reject(error);
    }
  }

  async #completeUntilStopped(items: Completion[]): Promise<Set<number>> {
    for (let attempt = 1; ; attempt += 1) {
      const last = this.#stopping.signal.aborted;
      try {
        return await this.#options.complete(items);
      } catch (error) {
        this.#options.onError(error);
        if (last || !isDatabaseOutage(error)) throw error;
        const delayMs = jitteredBackoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS);
        // Rejects when it is aborted, which only means: go on now.
        await wait(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }
}
