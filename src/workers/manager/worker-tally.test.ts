import { expect, it } from 'vitest';
import type { WorkerStats } from '../messages.ts';
import { WorkerTally } from './worker-tally.ts';

const stats = (patch: Partial<WorkerStats>): WorkerStats => ({
  ...{ status: 'running', activeSessions: 0, currentSessionId: null, memoryMb: 80, concurrency: 4, workLimit: null },
  ...{ jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 },
  ...patch,
});

it('adds up what living workers and those that have ended have done', () => {
  const tally = new WorkerTally();
  tally.noteEnd('stopped', stats({ jobsProcessed: 5, jobsSucceeded: 4, jobsFailed: 1 }));
  tally.noteEnd('stopped', null);
  const living = [
    { stats: stats({ activeSessions: 2, jobsProcessed: 3, jobsSucceeded: 1, jobsFailed: 2 }) },
    { stats: null },
  ];
  expect(tally.figures(living)).toEqual({
    workers: 2,
    activeSessions: 2,
    jobsProcessed: 8,
    jobsSucceeded: 5,
    jobsFailed: 3,
    crashes: 0,
    errors: 3,
    warnings: 0,
  });
});

it('tells workers that crashed from those that somebody killed, and both from those that were asked to stop', () => {
  const tally = new WorkerTally();
  for (const cause of ['crashed', 'killed', 'stopped'] as const) tally.noteEnd(cause, null);
  tally.noteWarning();
  expect(tally.figures([])).toMatchObject({ crashes: 1, errors: 2, warnings: 1 });
});
