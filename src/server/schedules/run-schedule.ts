import { z } from 'zod';
import type { ApiScheduleRun } from '#lib/api/schedule.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { moveSchedule, type Schedule, takeSchedule } from '#lib/schedules/schedule-store.ts';
import { type RunAnswer, type RunRequest, startRun } from '#lib/schedules/start-run.ts';
import type { ServerContext } from '../context.ts';
import { chooseIdempotencyKey, idempotencyKeySchema } from '../idempotency-key.ts';
import { parseInput } from '../parse-input.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { scheduleNotFound } from './list-schedules.ts';

const runSchema = z.strictObject({ idempotencyKey: idempotencyKeySchema.optional() });

type RunContext = Pick<ServerContext, 'db' | 'queue' | 'publisher' | 'env'>;

/**
 * Starts the next batch of a schedule now, also while it is paused or an earlier one runs: a person asked for it. The same key
 * gives the same run, however often it comes.
 * @param headerKey The Idempotency-Key header, which counts like the field.
 * @returns the record, whose outcome is 'started', or 'refused' with the reason.
 * @throws ApiError 404, or 400 for a key of the wrong shape.
 */
export async function runSchedule(
  context: RunContext,
  id: number,
  input: unknown,
  headerKey: string | null = null,
): Promise<ApiScheduleRun> {
  const key = chooseIdempotencyKey(parseInput(runSchema, input).idempotencyKey, headerKey);
  const idempotencyKey = key === undefined ? undefined : `schedule/${id}/${key}`;
  const { run, sessions } = await context.db.transaction(async (tx) => {
    // Whoever has the row starts; the others wait, and then find that run.
    const taken = await takeSchedule(tx, id);
    if (!taken) throw scheduleNotFound(id);
    const earlier = idempotencyKey === undefined ? null : await findRunByKey(tx, id, idempotencyKey);
    if (earlier) return { run: earlier, sessions: [] };
    const { occurrence, answer } = await startNow(tx, context, taken, idempotencyKey);
    await moveSchedule(tx, id, { ...taken.schedule, position: answer.nextPosition });
    return { run: await findRun(tx, id, occurrence), sessions: answer.sessions };
  });
  if (sessions.length > 0) await context.queue.announce(sessions);
  context.publisher.publish(sessions.length > 0 ? ['schedules', 'sessions'] : ['schedules']);
  return run;
}

async function startNow(
  tx: Executor,
  { queue, env }: RunContext,
  { schedule, now }: { schedule: Schedule; now: Date },
  idempotencyKey: string | undefined,
): Promise<{ occurrence: Date; answer: RunAnswer }> {
  let occurrence = now;
  for (;;) {
    const request: RunRequest = {
      occurrence,
      now,
      position: schedule.position,
      byHand: true,
      defaultMaxRetries: env.MAX_RETRIES,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    const answer = await startRun(tx, queue, schedule, request);
    if (answer.outcome !== 'taken') return { occurrence, answer };
    // Another run has this very millisecond.
    occurrence = new Date(occurrence.getTime() + 1);
  }
}

const RUN_COLUMNS = `r.occurrence, r.outcome, r.by_hand as "byHand", r.batch_id as "batchId", r.sessions, r.reason, r.at`;

async function findRun(tx: Executor, id: number, occurrence: Date): Promise<ApiScheduleRun> {
  const [row] = await tx.query(
    `select ${RUN_COLUMNS} from schedule_runs r where r.schedule_id = $1 and r.occurrence = $2`,
    [id, occurrence.toISOString()],
  );
  if (!row) throw new Error('A run that was just recorded is not there.');
  return withIsoTimes<ApiScheduleRun>(row);
}

/** Null also when the sessions of that run were pruned: the queue makes new ones for their key, and so does this. */
async function findRunByKey(tx: Executor, id: number, key: string): Promise<ApiScheduleRun | null> {
  const [row] = await tx.query(
    `select ${RUN_COLUMNS} from session_batches b join schedule_runs r on r.batch_id = b.id
     where b.idempotency_key = $2 and r.schedule_id = $1
       and exists (select from scraping_sessions s where s.batch_id = b.id)
     limit 1`,
    [id, key],
  );
  return row ? withIsoTimes<ApiScheduleRun>(row) : null;
}
