import type { Executor } from '../db/create-db.ts';
import { findRuleProblem, lastOccurrences, parseRule } from './occurrences.ts';
import { MISSED_RECORDED_MAX, planDue } from './plan-due.ts';
import {
  hasUnfinishedBatch,
  moveSchedule,
  type NewRun,
  recordRuns,
  type Schedule,
  takeDueSchedule,
} from './schedule-store.ts';
import { type RunQueue, type RunSession, startRun } from './start-run.ts';

export interface SettleOptions {
  queue: RunQueue;
  /** For schedules that do not say. */
  defaultMaxRetries: number;
}

/** What a round did with one schedule. */
export interface SettledSchedule {
  started: number;
  refused: number;
  overlapped: number;
  missed: number;
  /** To be announced once the transaction is committed. */
  sessions: RunSession[];
}

const OVERLAP_REASON = 'An earlier run was not finished yet, and this schedule does not allow overlaps.';

/**
 * Settles what is due of one schedule, in the caller's transaction: each occurrence gets its record, once over all machines, and
 * its sessions with it. Null when there was nothing to do, or another machine does it.
 * @throws InvalidInputError for a rule that cannot be read here; all is left as it was then, since another machine may know it.
 */
export async function settleSchedule(
  tx: Executor,
  id: number,
  options: SettleOptions,
): Promise<SettledSchedule | null> {
  const taken = await takeDueSchedule(tx, id);
  if (!taken) return null;
  const { schedule, now } = taken;
  const plan = planDue({ ...schedule, rule: parseRule(schedule), now });
  const round: Round = { schedule, now, position: schedule.position, settled: { ...NOTHING, sessions: [] } };
  round.settled.missed = await recordRuns(
    tx,
    id,
    missedRuns(schedule, plan.missed, plan.moreMissed, whyMissed(schedule)),
  );
  // Never ahead: what was settled while the clock was ahead is settled anew from now on.
  let settledUntil = plan.missed.at(-1) ?? new Date(Math.min(schedule.settledUntil.getTime(), now.getTime()));
  let waiting: Date | null = null;
  for (const occurrence of plan.start) {
    if ((await settleOccurrence(tx, round, occurrence, options)) === 'waits') {
      waiting = occurrence;
      break;
    }
    settledUntil = occurrence;
  }
  // Of a run that waits for an earlier one there is mostly nothing new from second to second.
  if (waiting === null || hasMoved(round.settled)) {
    await moveSchedule(tx, id, { nextAt: waiting ?? plan.next, settledUntil, position: round.position });
  }
  return round.settled;
}

interface Round {
  schedule: Schedule;
  now: Date;
  /** The target that the next occurrence begins with. */
  position: number;
  settled: SettledSchedule;
}

const NOTHING = { started: 0, refused: 0, overlapped: 0, missed: 0 };

async function settleOccurrence(
  tx: Executor,
  round: Round,
  occurrence: Date,
  { queue, defaultMaxRetries }: SettleOptions,
): Promise<'settled' | 'waits'> {
  const { schedule, now, position, settled } = round;
  if (!schedule.allowOverlap && (await hasUnfinishedBatch(tx, schedule.id))) {
    // With 'all' nothing is left out: it waits, and so do those after it.
    if (schedule.catchUp === 'all') return 'waits';
    const run = { occurrence, outcome: 'overlapped', reason: OVERLAP_REASON } as const;
    settled.overlapped += await recordRuns(tx, schedule.id, [run]);
    return 'settled';
  }
  const run = await startRun(tx, queue, schedule, { occurrence, now, position, defaultMaxRetries });
  if (run.outcome !== 'taken') settled[run.outcome] += 1;
  settled.sessions.push(...run.sessions);
  round.position = run.nextPosition;
  return 'settled';
}

/** Whether anything got its record. */
export function hasMoved({ started, refused, overlapped, missed }: SettledSchedule): boolean {
  return started + refused + overlapped + missed > 0;
}

/**
 * Records what was due up to a moment and will not be started any more, in the caller's transaction. Nothing of a schedule that
 * is paused, since nobody wanted that, or whose rule cannot be read here.
 */
export async function giveUpDue(tx: Executor, schedule: Schedule, until: Date, why: string): Promise<void> {
  if (schedule.paused || findRuleProblem(schedule) !== null) return;
  const rule = parseRule(schedule);
  const { occurrences, more } = lastOccurrences(rule, schedule.settledUntil, until, MISSED_RECORDED_MAX);
  await recordRuns(tx, schedule.id, missedRuns(schedule, occurrences, more, why));
}

function whyMissed({ catchUp, catchUpMax }: Schedule): string {
  return {
    skip: 'Nobody could start it at its time, and this schedule skips late runs.',
    latest: 'Nobody could start it at its time; of the late runs this schedule starts the latest only.',
    all: `Nobody could start it at its time; this schedule catches up on ${catchUpMax} late runs at most.`,
  }[catchUp];
}

function missedRuns(schedule: Schedule, missed: readonly Date[], more: boolean, why: string): NewRun[] {
  return missed.map((occurrence, index) => ({
    occurrence,
    outcome: 'missed',
    reason: index === 0 && more ? `${why} So were those before it, back to ${toMinute(schedule)}.` : why,
  }));
}

const toMinute = ({ settledUntil }: Schedule): string => `${settledUntil.toISOString().slice(0, 16)}Z`;
