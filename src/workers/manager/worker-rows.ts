import { hostname } from 'node:os';
import type { Logger } from '#lib/logger.ts';
import { withDatabaseRetry } from '../database-retry.ts';
import { monotonicNowMs } from '../messages.ts';
import type { LeaseQueue } from '../ports/session-queue.ts';
import type { HeartbeatAnswer, WorkerBeat, WorkerEndCause } from '../queue/job-queue.ts';
import type { NamedProcess, WorkerSlot } from './worker-slot.ts';

export interface WorkerRowsOptions {
  queue: LeaseQueue;
  nodeId: string;
  version: string | null;
  concurrency: number;
  leaseMs: number;
  leaseMarginMs: number;
  logger: Logger;
  /** False when the manager has ended: what could not be saved until then is left to others. */
  mayContinue: () => boolean;
}

/** What the database knows of a manager's workers: their rows and their leases. */
export class WorkerRows {
  readonly #options: WorkerRowsOptions;

  constructor(options: WorkerRowsOptions) {
    this.#options = options;
  }

  /** Adds a worker, however long it takes; gives until when its lease is safe. */
  async register(worker: NamedProcess): Promise<number> {
    const { nodeId, concurrency, version, queue } = this.#options;
    const row = { ...worker, nodeId, hostname: hostname(), managerPid: process.pid, concurrency, version };
    const askedAtMs = await this.#patiently(async () => {
      const startedAtMs = monotonicNowMs();
      await queue.registerWorker(row);
      return startedAtMs;
    });
    return this.#safeUntilMs(askedAtMs);
  }

  /** Takes back what an ended worker held, however long it takes; gives the number of sessions. */
  release({ workerId, pid }: NamedProcess, cause: Exclude<WorkerEndCause, 'lost'>, reason: string): Promise<number> {
    const { queue } = this.#options;
    return this.#patiently(() => queue.releaseWorker(workerId, cause, { reason, pid }));
  }

  /** The heartbeat; `safeUntilMs` holds for those that are not lost. */
  async renew(beats: readonly WorkerBeat[]): Promise<HeartbeatAnswer & { safeUntilMs: number }> {
    const safeUntilMs = this.#safeUntilMs(monotonicNowMs());
    return { ...(await this.#options.queue.renewLeases(beats)), safeUntilMs };
  }

  /** For as long as it takes, unless the manager ends; a schema that is not there yet, or a wrong password, may be mended too. */
  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return withDatabaseRetry(work, {
      isPassing: () => true,
      mayContinue: this.#options.mayContinue,
      capMs: 5_000,
      onRetry: (error, attempt) => {
        if (attempt === 1)
          this.#options.logger.warn({ err: error }, 'The state of a worker cannot be saved yet; trying on');
      },
    });
  }

  /** The margin is taken from the moment of asking: the database counts from a later one. */
  #safeUntilMs(askedAtMs: number): number {
    return askedAtMs + this.#options.leaseMs - this.#options.leaseMarginMs;
  }
}

/** What the heartbeat says of a worker. */
export function beatOf({ workerId, stats }: NonNullable<WorkerSlot['registered']>): WorkerBeat {
  if (!stats)
    return { workerId, status: 'starting', activeSessions: 0, jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };
  const { currentSessionId, concurrency: _ours, workLimit: _own, ...rest } = stats;
  return { workerId, ...rest, currentJobId: currentSessionId };
}
