import type { SessionOutcome } from '../worker/job-outcome.ts';

/** What a worker has done since it started. */
export interface WorkerCounters {
  jobsProcessed: number;
  jobsSucceeded: number;
  jobsFailed: number;
}

export const noJobsYet: WorkerCounters = { jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };

/** Counts one ended claim. One that was put off, handed back or lost is not processed: another claim will end it. */
export function countOutcome(counters: WorkerCounters, kind: SessionOutcome['kind']): WorkerCounters {
  switch (kind) {
    case 'completed':
      return { ...counters, jobsProcessed: counters.jobsProcessed + 1, jobsSucceeded: counters.jobsSucceeded + 1 };
    case 'retry':
    case 'failed':
      return { ...counters, jobsProcessed: counters.jobsProcessed + 1, jobsFailed: counters.jobsFailed + 1 };
    case 'cancelled':
      return { ...counters, jobsProcessed: counters.jobsProcessed + 1 };
    case 'snoozed':
    case 'interrupted':
    case 'lost':
      return counters;
  }
}
