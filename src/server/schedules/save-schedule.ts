import type { ApiScheduleDetail } from '#lib/api/schedule.ts';
import type { Executor } from '#lib/db/create-db.ts';
import type { ScheduleTarget } from '#lib/db/schema/schedules.ts';
import { nextOccurrence, parseRule, type StoredRule } from '#lib/schedules/occurrences.ts';
import { type Schedule, takeSchedule } from '#lib/schedules/schedule-store.ts';
import { giveUpDue } from '#lib/schedules/settle-schedule.ts';
import { createTargetChecker } from '#lib/sources/check-target.ts';
import { fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { getSchedule, scheduleNotFound } from './list-schedules.ts';
import { checkRule, newScheduleSchema, type ScheduleInput, scheduleChangeSchema } from './schedule-input.ts';

type SaveContext = Pick<ServerContext, 'db' | 'publisher'>;

/**
 * Makes a schedule, whose first run is the next occurrence from now on.
 * @throws ApiError 400 for a request of the wrong shape, a cron text or a time zone that cannot be read, 422 for a source, place or
 * parameter that is not known.
 */
export async function addSchedule({ db, publisher }: SaveContext, input: unknown): Promise<ApiScheduleDetail> {
  const { paused, ...given } = parseInput(newScheduleSchema, input);
  const schedule = { ...given, ...checkRule(given) };
  await checkTargets(db, schedule.targets);
  const id = await db.transaction(async (tx) => {
    const now = await readClock(tx);
    const [row] = await tx.query<{ id: number }>(
      `insert into schedules (name, cron, time_zone, every_minutes, targets, batch_size, priority, max_retries,
         jitter_seconds, allow_overlap, catch_up, catch_up_max, paused, settled_until, next_at)
       values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id`,
      [...columnsOf(schedule), paused, now.toISOString(), nextText(schedule, now)],
    );
    if (!row) throw new Error('An insert without a condition gave no row.');
    return row.id;
  });
  publisher.publish(['schedules']);
  return await getSchedule(db, id);
}

/**
 * Changes what is given. A new rule counts from now on: occurrences that it would have had before are not caught up on.
 * @throws ApiError as addSchedule, and 404.
 */
export async function changeSchedule(
  { db, publisher }: SaveContext,
  id: number,
  input: unknown,
): Promise<ApiScheduleDetail> {
  const change = parseInput(scheduleChangeSchema, input);
  await db.transaction(async (tx) => {
    const taken = await takeSchedule(tx, id);
    if (!taken) throw scheduleNotFound(id);
    const before = taken.schedule;
    const merged: ScheduleInput = { ...before, ...withoutUndefined(change) };
    const after = { ...merged, ...checkRule(merged) };
    if (change.targets) await checkTargets(tx, after.targets);
    const sameRule = isSameRule(before, after);
    const settledUntil = sameRule ? before.settledUntil : taken.now;
    if (!sameRule) await giveUpDue(tx, before, taken.now, 'The rule was changed before its turn came.');
    await tx.query(
      `update schedules set name = $2, cron = $3, time_zone = $4, every_minutes = $5, targets = $6::jsonb, batch_size = $7,
         priority = $8, max_retries = $9, jitter_seconds = $10, allow_overlap = $11, catch_up = $12, catch_up_max = $13,
         settled_until = $14, next_at = $15, updated_at = clock_timestamp()
       where id = $1`,
      [id, ...columnsOf(after), settledUntil.toISOString(), nextText(after, settledUntil)],
    );
  });
  publisher.publish(['schedules']);
  return await getSchedule(db, id);
}

/** Removes a schedule with its records; the sessions that it started stay. @throws ApiError 404. */
export async function removeSchedule({ db, publisher }: SaveContext, id: number): Promise<void> {
  await db.transaction(async (tx) => {
    const [removed] = await tx.query('delete from schedules where id = $1 returning id', [id]);
    if (!removed) throw scheduleNotFound(id);
    await tx.query('delete from schedule_runs where schedule_id = $1', [id]);
  });
  publisher.publish(['schedules']);
}

/**
 * Pauses a schedule, or lets it go on: from the next occurrence then, since those of its pause were not missed but not wanted.
 * Doing so twice is fine.
 * @throws ApiError 404, and 400 when its rule cannot be read.
 */
export async function pauseSchedule(
  { db, publisher }: SaveContext,
  id: number,
  paused: boolean,
): Promise<ApiScheduleDetail> {
  await db.transaction(async (tx) => {
    const taken = await takeSchedule(tx, id);
    if (!taken) throw scheduleNotFound(id);
    const { schedule, now } = taken;
    if (schedule.paused === paused) return;
    if (paused) await giveUpDue(tx, schedule, now, 'The schedule was paused before its turn came.');
    const nextAt = paused ? (schedule.nextAt?.toISOString() ?? null) : nextText(checkRule(schedule), now);
    await tx.query(
      `update schedules set paused = $2, next_at = $3, settled_until = $4, updated_at = clock_timestamp() where id = $1`,
      [id, paused, nextAt, now.toISOString()],
    );
  });
  publisher.publish(['schedules']);
  return await getSchedule(db, id);
}

async function checkTargets(db: Executor, targets: readonly ScheduleTarget[]): Promise<void> {
  const check = createTargetChecker(db);
  for (const [index, target] of targets.entries()) {
    const problem = await check(target);
    if (problem !== null) throw fieldError(problem.code, `targets.${index}.${problem.field}`, problem.message);
  }
}

async function readClock(tx: Executor): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>('select clock_timestamp() as now');
  if (!row) throw new Error('The clock gave no row.');
  return row.now;
}

function nextText(rule: StoredRule, after: Date): string | null {
  return nextOccurrence(parseRule(rule), after)?.toISOString() ?? null;
}

function columnsOf(schedule: ScheduleInput): unknown[] {
  return [
    schedule.name,
    schedule.cron,
    schedule.timeZone,
    schedule.everyMinutes,
    JSON.stringify(schedule.targets),
    schedule.batchSize,
    schedule.priority,
    schedule.maxRetries,
    schedule.jitterSeconds,
    schedule.allowOverlap,
    schedule.catchUp,
    schedule.catchUpMax,
  ];
}

function isSameRule(before: Schedule, after: StoredRule): boolean {
  return before.cron === after.cron && before.timeZone === after.timeZone && before.everyMinutes === after.everyMinutes;
}

/** What a partial schema leaves out must not overwrite what is there. */
function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof Value]?: Exclude<Value[Key], undefined>;
  };
}
