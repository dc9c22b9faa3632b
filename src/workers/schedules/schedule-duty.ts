import type { Db } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import { findRuleProblem } from '#lib/schedules/occurrences.ts';
import { type DueSchedule, walkDueSchedules } from '#lib/schedules/schedule-store.ts';
import { hasMoved, settleSchedule } from '#lib/schedules/settle-schedule.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import { createEventPublisher, type EventPublisher } from '../events.ts';
import type { ManagerDuty } from '../manager/manager-duty.ts';
import type { JobQueue } from '../queue/job-queue.ts';

export interface ScheduleDutyOptions {
  db: Db;
  queue: JobQueue;
  logger: Logger;
  /** For schedules that do not say. */
  defaultMaxRetries: number;
}

/** An occurrence is started at most about so late; the look costs one scan of a small table. */
const LOOK_EVERY_MS = 1_000;

/**
 * Starts what is due of all schedules. Every manager does it: the transaction of each occurrence decides between them, so the
 * loss of any of them changes nothing.
 */
export function createScheduleDuty(options: ScheduleDutyOptions): ManagerDuty {
  const settling: Settling = {
    ...options,
    publisher: createEventPublisher(options.db),
  };
  /** Schedules that could not be settled, by what was said of it, so that it is said once. */
  const troubled = new Map<number, string>();
  /** Schedules whose rule this machine cannot read: left to others until it is another rule. */
  const unreadable = new Map<number, DueSchedule>();
  return {
    name: 'schedules',
    intervalMs: LOOK_EVERY_MS,
    async run(signal) {
      for await (const due of walkDueSchedules(options.db, [...unreadable.values()])) {
        if (signal.aborted) return;
        const problem = findRuleProblem(due);
        if (problem === null) await settlePatiently(settling, due.id, troubled);
        else leaveToOthers(unreadable, due, problem, options.logger);
      }
    },
  };
}

/** Its row is never touched, nor locked: a machine that can read it, now or after an update, finds it as it was. */
function leaveToOthers(unreadable: Map<number, DueSchedule>, due: DueSchedule, problem: string, logger: Logger): void {
  unreadable.set(due.id, due);
  logger.warn(
    { scheduleId: due.id, problem },
    'The rule of a schedule cannot be read on this machine, which leaves it to others',
  );
}

interface Settling extends ScheduleDutyOptions {
  publisher: EventPublisher;
}

/** One schedule must not hold up the others. @throws only while the database is away. */
async function settlePatiently(options: Settling, id: number, troubled: Map<number, string>): Promise<void> {
  try {
    await settleOne(options, id);
    troubled.delete(id);
  } catch (error) {
    if (isDatabaseOutage(error)) throw error;
    const trouble = String(error);
    if (troubled.get(id) === trouble) return;
    troubled.set(id, trouble);
    options.logger.error({ scheduleId: id, err: error }, 'A schedule could not be started');
  }
}

async function settleOne({ db, queue, publisher, logger, defaultMaxRetries }: Settling, id: number): Promise<void> {
  const settled = await db.transaction((tx) => settleSchedule(tx, id, { queue, defaultMaxRetries }));
  if (!settled || !hasMoved(settled)) return;
  const { sessions, ...counts } = settled;
  logger.info({ scheduleId: id, ...counts, sessions: sessions.length }, 'Schedule settled');
  if (sessions.length > 0) await queue.announce(sessions);
  publisher.publish(sessions.length > 0 ? ['schedules', 'sessions'] : ['schedules']);
}
