/** What a worker last said of itself. */
export interface WorkerShare {
  /** Names, unlike processes, come back. */
  pid: number;
  processed: number;
  active: number;
  succeeded: number;
  failed: number;
  /** The most that it may process or be at in all before it hears more; null without a limit. */
  workLimit: number | null;
  /** Whether its manager lets it claim. */
  mayClaim: boolean;
}

interface Allotted extends WorkerShare {
  /** It may process so many in all, whatever it has heard so far. */
  sessionsMax: number;
  /** The limit that it was told last. */
  toldMax: number;
  /** What it was told and has not been seen to know: while that is so, nothing else may be taken from it. */
  awaited: 'more' | 'less' | null;
}

/**
 * Shares a number of sessions among workers that come and go, so that together they never process more. Each gets a part of what
 * is left, again and again, so that the last sessions are not held by one that is busy. What a worker that is gone had left goes to the
 * others; one that ends in the moment between two of its messages may have done one more than is known. One that may not claim for now
 * has to give back what it does not use; others get it when it says that it knows.
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

  /** Takes in how the workers are; gives the new limits of those that may do more than they know of, or less. */
  update(workers: readonly WorkerShare[]): { pid: number; sessionsMax: number }[] {
    this.#buryMissing(new Set(workers.map(({ pid }) => pid)));
    for (const worker of workers) {
      const { sessionsMax, toldMax, awaited } = this.#living.get(worker.pid) ?? UNHEARD;
      this.#living.set(worker.pid, settle({ ...worker, sessionsMax, toldMax, awaited }));
    }
    if (this.#total === Number.POSITIVE_INFINITY) return [];
    const claimers = workers.filter(({ mayClaim }) => mayClaim).length;
    return [...this.#living.values()].flatMap((worker) =>
      worker.mayClaim ? this.#raise(worker, claimers) : askBack(worker),
    );
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

  #raise(worker: Allotted, claimers: number): { pid: number; sessionsMax: number }[] {
    const fairShare = Math.ceil(this.#left / (2 * claimers));
    const more = Math.min(this.#left, fairShare - spareOf(worker));
    if (more <= 0) return [];
    worker.sessionsMax += more;
    worker.awaited = 'more';
    return tell(worker, worker.sessionsMax);
  }

  /** What nobody has been allotted. */
  get #left(): number {
    const allotted = [...this.#living.values()].reduce((sum, { sessionsMax }) => sum + sessionsMax, 0);
    return this.#total - this.#gone.processed - allotted;
  }
}

const UNHEARD: Pick<Allotted, 'sessionsMax' | 'toldMax' | 'awaited'> = { sessionsMax: 0, toldMax: 0, awaited: null };

/**
 * Messages arrive in their order. So a worker has heard of more as soon as it says as much, and of less as soon as it says less than
 * it had; from then on it begins nothing beyond what it says.
 */
function settle(worker: Allotted): Allotted {
  const { workLimit, toldMax, sessionsMax, awaited } = worker;
  if (workLimit === null) return worker;
  const hasHeard = { more: workLimit >= toldMax, less: workLimit < sessionsMax };
  if (awaited !== null && !hasHeard[awaited]) return worker;
  return { ...worker, awaited: null, sessionsMax: workLimit };
}

function askBack(worker: Allotted): { pid: number; sessionsMax: number }[] {
  if (worker.awaited !== null || worker.workLimit === null || spareOf(worker) <= 0) return [];
  worker.awaited = 'less';
  return tell(worker, worker.processed + worker.active);
}

function tell(worker: Allotted, sessionsMax: number): { pid: number; sessionsMax: number }[] {
  worker.toldMax = sessionsMax;
  return [{ pid: worker.pid, sessionsMax }];
}

/** What it may still begin. */
const spareOf = ({ sessionsMax, processed, active }: Allotted): number => sessionsMax - processed - active;
