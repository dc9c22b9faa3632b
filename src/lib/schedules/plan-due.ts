import type { CatchUpPolicy } from '../db/schema/vocabulary.ts';
import { lastOccurrences, nextOccurrence, type ScheduleRule } from './occurrences.ts';

/** An occurrence that is looked at later than this was missed; what became of it is decided by the catch-up policy. */
export const ON_TIME_MS = 60_000;

/** Of a long absence so many missed occurrences are recorded one by one; the oldest of them tells of the rest. */
export const MISSED_RECORDED_MAX = 100;

export interface DueRequest {
  rule: ScheduleRule;
  /** The occurrence that was settled last. */
  settledUntil: Date;
  /** By the database's clock. */
  now: Date;
  catchUp: CatchUpPolicy;
  /** Of 'all': at most so many. */
  catchUpMax: number;
}

/** What is to be done with the occurrences that are due. */
export interface DuePlan {
  /** To be started, oldest first. */
  start: Date[];
  /** Passed over, oldest first. */
  missed: Date[];
  /** There were more missed ones before these than are worth a record each. */
  moreMissed: boolean;
  next: Date | null;
}

/**
 * Which of the occurrences between the last settled one and now are started.
 * skip: the latest, if it is not late. latest: the latest, however late. all: the last `catchUpMax` of them.
 */
export function planDue({ rule, settledUntil, now, catchUp, catchUpMax }: DueRequest): DuePlan {
  const startMax = catchUp === 'all' ? Math.max(1, catchUpMax) : 1;
  const { occurrences, more } = lastOccurrences(rule, settledUntil, now, startMax + MISSED_RECORDED_MAX);
  const latest = occurrences.at(-1);
  const tooLate = latest === undefined || now.getTime() - latest.getTime() > ON_TIME_MS;
  const startCount = catchUp === 'skip' && tooLate ? 0 : Math.min(startMax, occurrences.length);
  const missed = occurrences.slice(0, occurrences.length - startCount);
  return {
    start: occurrences.slice(occurrences.length - startCount),
    missed: missed.slice(-MISSED_RECORDED_MAX),
    moreMissed: more || missed.length > MISSED_RECORDED_MAX,
    next: nextOccurrence(rule, now),
  };
}
