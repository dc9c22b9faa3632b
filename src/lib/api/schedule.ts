import type { ScheduleTarget } from '../db/schema/schedules.ts';
import type { CatchUpPolicy, ScheduleRunOutcome } from '../db/schema/vocabulary.ts';

/** What became of one occurrence of a schedule. */
export interface ApiScheduleRun {
  /** The moment that the schedule names; of a run by hand, that of the click. */
  occurrence: string;
  outcome: ScheduleRunOutcome;
  byHand: boolean;
  /** Its sessions are those of this batch; null where none were started. */
  batchId: string | null;
  sessions: number;
  /** Why it was not started, or which targets were left out. */
  reason: string | null;
  at: string;
}

/** A row of GET /api/schedules */
export interface ApiSchedule {
  id: number;
  name: string;
  /** Either this with its time zone, or `everyMinutes`. */
  cron: string | null;
  timeZone: string;
  everyMinutes: number | null;
  /** When it runs, in plain words. */
  description: string;
  /** Why its rule cannot be read; null when it can. */
  problem: string | null;
  targets: ScheduleTarget[];
  /** How many of the targets one run starts, going round; null is all. */
  batchSize: number | null;
  priority: number;
  maxRetries: number | null;
  jitterSeconds: number;
  allowOverlap: boolean;
  catchUp: CatchUpPolicy;
  catchUpMax: number;
  paused: boolean;
  /** Null while it is paused, and where no run follows. */
  nextAt: string | null;
  lastRun: ApiScheduleRun | null;
  createdAt: string;
  updatedAt: string;
}

/** GET /api/schedules/ID */
export interface ApiScheduleDetail extends ApiSchedule {
  /** The next five runs. */
  next: string[];
  /** The latest hundred, newest first. */
  runs: ApiScheduleRun[];
}

/** GET /api/schedules/preview */
export interface ApiSchedulePreview {
  cron: string | null;
  timeZone: string;
  everyMinutes: number | null;
  description: string;
  /** The next five runs. */
  next: string[];
}
