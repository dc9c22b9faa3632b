import { z } from 'zod';
import type { ApiTriggerResponse } from '#lib/api/session.ts';
import { sourceNameSchema } from '#lib/source-name.ts';
import { createTargetChecker } from '#lib/sources/check-target.ts';
import { wholeNumber } from '#lib/whole-number.ts';
import { fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { idempotencyKeySchema } from '../idempotency-key.ts';
import { parseInput } from '../parse-input.ts';

const SESSIONS_MAX = 1_000;

const sessionSchema = z.strictObject({
  source: sourceNameSchema,
  location: z.string('must be a text').trim().min(1, 'must not be empty').max(200),
  params: z.record(z.string(), z.unknown(), 'must be an object').default({}),
  priority: wholeNumber(-100, 100).default(0),
  maxRetries: wholeNumber(0, 20).optional(),
  /** Not to be claimed earlier. */
  notBefore: z.iso.datetime({ offset: true, error: 'must be a time in ISO 8601 with its zone' }).optional(),
});

type SessionInput = z.output<typeof sessionSchema>;

const populateSchema = z.strictObject({
  sessions: z
    .array(sessionSchema, 'must be a list of sessions')
    .min(1, 'must have at least one session')
    .max(SESSIONS_MAX, `must have at most ${SESSIONS_MAX} sessions`),
  idempotencyKey: idempotencyKeySchema.optional(),
});

/**
 * Makes many sessions as one batch, all or none. The same idempotency key gives the same sessions. Each is checked as in a
 * trigger.
 * @throws ApiError 400, or 422 that names the entry.
 */
export async function populateSessions(
  context: Pick<ServerContext, 'db' | 'queue' | 'publisher' | 'env'>,
  input: unknown,
): Promise<ApiTriggerResponse> {
  const { sessions, idempotencyKey } = parseInput(populateSchema, input);
  await checkSessions(context, sessions);
  const made = await context.queue.enqueue(
    sessions.map(({ notBefore, maxRetries, ...session }) => ({
      ...session,
      ...(maxRetries === undefined ? {} : { maxRetries }),
      ...(notBefore === undefined ? {} : { wakeAt: new Date(notBefore) }),
    })),
    { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), defaultMaxRetries: context.env.MAX_RETRIES },
  );
  context.publisher.publish(
    ['sessions'],
    made.sessions.map(({ id }) => id),
  );
  return { batchId: made.batchId, sessions: made.sessions };
}

async function checkSessions({ db }: Pick<ServerContext, 'db'>, sessions: readonly SessionInput[]): Promise<void> {
  const check = createTargetChecker(db);
  for (const [index, { source, location, params }] of sessions.entries()) {
    const problem = await check({ source, location, params });
    if (problem !== null) throw fieldError(problem.code, `sessions.${index}.${problem.field}`, problem.message);
  }
}
