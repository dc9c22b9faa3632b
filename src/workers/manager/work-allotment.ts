/** What a worker last said of itself. */
export interface WorkerShare {
  /** Names, unlike processes, come back. */
  pid: number;
  processed: number;
  active: number;
  succeeded: number;
  failed: number;
}

interface Allotted extends WorkerShare {
  /** It may process so many in all. */
  sessionsMax: number;
}

/**
 * Shares a number of sessions among workers that come and go, so that together they never process more. Each gets a part of what
 * is left, again and again, so that the last sessions are not held by one that is busy. What a worker that is gone had left goes to the
 * others; one that ends in the moment between two of its messages may have done one more than is known.
 */
export class WorkAllotment {
  readonly #total: number;
  readonly #living = new Map<number, Allotted>();
  #gone = { processed: 0, succeeded: 0, failed: 0 };

  /** @param total Infinity only counts. */
  constructor(total: number) {
    this.#total = total;
  }

  /** What all workers, also those that are gone, have done. */
  get done(): { processed: number; succeeded: number; failed: number; active: number } {
    const sum = { ...this.#gone, active: 0 };
    for (const worker of this.#living.values()) {
      sum.processed += worker.processed;
      sum.succeeded += worker.succeeded;
      sum.failed += worker.failed;
      sum.active += worker.active;
    }
    return sum;
  }

  /** Takes in how the workers are; gives the new limits of those that may do more than they know of. */
  update(workers: readonly WorkerShare[]): { pid: number; sessionsMax: number }[] {
    this.#buryMissing(new Set(workers.map(({ pid }) => pid)));
    for (const worker of workers) {
      const sessionsMax = this.#living.get(worker.pid)?.sessionsMax ?? 0;
      this.#living.set(worker.pid, { ...worker, sessionsMax });
    }
    if (this.#total === Number.POSITIVE_INFINITY) return [];
    return workers.flatMap(({ pid }) => this.#raise(pid, workers.length));
  }

  #buryMissing(present: ReadonlySet<number>): void {
    for (const [pid, worker] of this.#living) {
      if (present.has(pid)) continue;
      this.#living.delete(pid);
      this.#gone = {
        processed: this.#gone.processed + worker.processed,
        succeeded: this.#gone.succeeded + worker.succeeded,
        failed: this.#gone.failed + worker.failed,
      };
    }
  }

  #raise(pid: number, workerCount: number): { pid: number; sessionsMax: number }[] {
    const worker = this.#living.get(pid);
    if (!worker) return [];
    const spare = worker.sessionsMax - worker.processed - worker.active;
    const fairShare = Math.ceil(this.#left / (2 * workerCount));
    const more = Math.min(this.#left, fairShare - spare);
    if (more <= 0) return [];
    worker.sessionsMax += more;
    return [{ pid, sessionsMax: worker.sessionsMax }];
  }

  /** What nobody has been allotted. */
  get #left(): number {
    const allotted = [...this.#living.values()].reduce((sum, { sessionsMax }) => sum + sessionsMax, 0);
    return this.#total - this.#gone.processed - allotted;
  }
}
