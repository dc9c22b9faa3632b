import { randomUUID } from 'node:crypto';
import type { Executor } from '../db/create-db.ts';
import type { ScheduleTarget } from '../db/schema/schedules.ts';
import { InvalidInputError } from '../errors.ts';
import { createTargetChecker } from '../sources/check-target.ts';
import { chooseTargets, jitterMs } from './choose-targets.ts';
import { ON_TIME_MS } from './plan-due.ts';
import { recordRuns, type Schedule } from './schedule-store.ts';

/** A session as a run makes it. */
export interface RunSession {
  source: string;
  location: string;
  params: Record<string, unknown>;
  priority: number;
  maxRetries?: number;
  wakeAt?: Date;
}

/** What a run needs of the session queue. */
export interface RunQueue {
  enqueueWithin(
    tx: Executor,
    sessions: readonly RunSession[],
    options: { batchId: string; idempotencyKey?: string; defaultMaxRetries: number },
  ): Promise<{ created: boolean }>;
}

export interface RunRequest {
  occurrence: Date;
  /** By the database's clock. */
  now: Date;
  /** The target to begin with. */
  position: number;
  byHand?: boolean;
  idempotencyKey?: string;
  /** For schedules that do not say. */
  defaultMaxRetries: number;
}

export interface RunAnswer {
  /** 'taken': the occurrence had been settled before, so nothing was done. */
  outcome: 'started' | 'refused' | 'taken';
  batchId: string | null;
  /** To be announced once the transaction is committed. */
  sessions: RunSession[];
  nextPosition: number;
}

/**
 * Starts one occurrence: its record and its sessions are made in the caller's transaction, or neither. Targets that cannot be
 * started are left out, and the record says which and why; with none left the run is refused.
 */
export async function startRun(
  tx: Executor,
  queue: RunQueue,
  schedule: Schedule,
  request: RunRequest,
): Promise<RunAnswer> {
  const { chosen, nextPosition } = chooseTargets(schedule.targets, schedule.batchSize, request.position);
  const { good, reason } = await sortOut(tx, chosen);
  const { occurrence, byHand = false } = request;
  if (good.length === 0) {
    const recorded = await recordRuns(tx, schedule.id, [{ occurrence, outcome: 'refused', byHand, reason }]);
    return { outcome: recorded > 0 ? 'refused' : 'taken', batchId: null, sessions: [], nextPosition };
  }
  const batchId = randomUUID();
  const run = { occurrence, outcome: 'started', byHand, batchId, sessions: good.length, reason } as const;
  if ((await recordRuns(tx, schedule.id, [run])) === 0) {
    return { outcome: 'taken', batchId: null, sessions: [], nextPosition };
  }
  const sessions = good.map(({ target, index }) => toSession(schedule, target, wakeAt(schedule, request, index)));
  const { created } = await queue.enqueueWithin(tx, sessions, {
    batchId,
    defaultMaxRetries: request.defaultMaxRetries,
    ...(request.idempotencyKey === undefined ? {} : { idempotencyKey: request.idempotencyKey }),
  });
  // Rolls the record back, which would tell of sessions that this run has not made.
  if (!created)
    throw new InvalidInputError(`The key "${request.idempotencyKey}" belongs to another batch; use another one.`);
  return { outcome: 'started', batchId, sessions, nextPosition };
}

interface Chosen {
  target: ScheduleTarget;
  index: number;
}

const PROBLEMS_TOLD = 3;

async function sortOut(tx: Executor, chosen: readonly Chosen[]): Promise<{ good: Chosen[]; reason: string | null }> {
  if (chosen.length === 0) return { good: [], reason: 'It has no targets; add at least one.' };
  const check = createTargetChecker(tx);
  const good: Chosen[] = [];
  const problems: string[] = [];
  for (const one of chosen) {
    const problem = await check(one.target);
    if (problem === null) good.push(one);
    else problems.push(`${one.target.source} in ${one.target.location}: ${problem.message}`);
  }
  if (problems.length === 0) return { good, reason: null };
  const told = problems.slice(0, PROBLEMS_TOLD).join(' · ');
  const rest = problems.length > PROBLEMS_TOLD ? ` · and ${problems.length - PROBLEMS_TOLD} more` : '';
  return { good, reason: `${problems.length} of ${chosen.length} targets could not be started. ${told}${rest}` };
}

function toSession(schedule: Schedule, target: ScheduleTarget, wake: Date | null): RunSession {
  return {
    source: target.source,
    location: target.location,
    params: target.params ?? {},
    priority: schedule.priority,
    ...(schedule.maxRetries === null ? {} : { maxRetries: schedule.maxRetries }),
    ...(wake === null ? {} : { wakeAt: wake }),
  };
}

/** When a session may start; null is at once. A late occurrence is spread out from now on. */
function wakeAt(schedule: Schedule, { occurrence, now, byHand }: RunRequest, index: number): Date | null {
  if (byHand === true) return null;
  const isLate = now.getTime() - occurrence.getTime() > ON_TIME_MS;
  const atMs = (isLate ? now : occurrence).getTime() + jitterMs(schedule.id, occurrence, index, schedule.jitterSeconds);
  return atMs > now.getTime() ? new Date(atMs) : null;
}
