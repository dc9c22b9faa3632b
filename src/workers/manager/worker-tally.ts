import type { WorkerStats } from '../messages.ts';
import type { WorkerEndCause } from '../queue/job-queue.ts';

/** What a manager and its workers have done and met since it started. */
export interface ManagerFigures {
  /** Processes that live and are registered, also those that are just leaving. */
  workers: number;
  activeSessions: number;
  jobsProcessed: number;
  jobsSucceeded: number;
  jobsFailed: number;
  /** Workers that ended unasked, by a fault of their own. */
  crashes: number;
  /** Workers that ended unasked, whoever did it, and tries of sessions that failed. */
  errors: number;
  /** Times that the database or its notifications went away, that leases ran out, and that sessions of others were rescued. */
  warnings: number;
}

/** Remembers what workers that have ended had done. */
export class WorkerTally {
  #ended = { jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };
  #deaths = 0;
  #crashes = 0;
  #warnings = 0;

  noteEnd(cause: Exclude<WorkerEndCause, 'lost'>, stats: WorkerStats | null): void {
    if (cause !== 'stopped') this.#deaths += 1;
    if (cause === 'crashed') this.#crashes += 1;
    if (!stats) return;
    const { jobsProcessed, jobsSucceeded, jobsFailed } = this.#ended;
    this.#ended = {
      jobsProcessed: jobsProcessed + stats.jobsProcessed,
      jobsSucceeded: jobsSucceeded + stats.jobsSucceeded,
      jobsFailed: jobsFailed + stats.jobsFailed,
    };
  }

  noteWarning(): void {
    this.#warnings += 1;
  }

  /** @param living The workers of now, with what they last said of themselves. */
  figures(living: readonly { stats: WorkerStats | null }[]): ManagerFigures {
    const sum = (field: 'activeSessions' | 'jobsProcessed' | 'jobsSucceeded' | 'jobsFailed') =>
      living.reduce((total, { stats }) => total + (stats?.[field] ?? 0), 0);
    const jobsFailed = this.#ended.jobsFailed + sum('jobsFailed');
    return {
      workers: living.length,
      activeSessions: sum('activeSessions'),
      jobsProcessed: this.#ended.jobsProcessed + sum('jobsProcessed'),
      jobsSucceeded: this.#ended.jobsSucceeded + sum('jobsSucceeded'),
      jobsFailed,
      crashes: this.#crashes,
      errors: this.#deaths + jobsFailed,
      warnings: this.#warnings,
    };
  }
}
