import { z } from 'zod';
import type { ApiEndedClaim } from '#lib/api/bot.ts';
import type { Executor } from '#lib/db/create-db.ts';
import type { AttemptOutcome } from '#lib/db/schema/vocabulary.ts';
import { leadsInWords } from '#lib/sessions/leads-in-words.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { claimFields, statsSchema } from './claim-input.ts';
import { findOwnClaim, type OwnClaim, staleClaim } from './find-claim.ts';
import { readLeads } from './lead-input.ts';
import { patchOf, saveFields, saveFor } from './save-for-bot.ts';

type EndContext = Pick<ServerContext, 'db' | 'queue' | 'publisher'>;

const completeSchema = z.strictObject({ ...saveFields, stats: statsSchema });

const errorSchema = z.strictObject({
  /** A word for programs, such as "blocked". */
  code: z
    .string('must be a word')
    .regex(/^[a-z][a-z0-9_]{0,49}$/, 'must be a word such as "layout_changed"')
    .refine((code) => code !== 'session_timeout', 'is what the queue says itself; choose another word')
    .default('bot_error'),
  message: z.string('must be a text').trim().min(1, 'must say what happened').max(2_000),
});

const failSchema = z.strictObject({
  ...claimFields,
  error: z.union(
    [
      z
        .string()
        .trim()
        .min(1)
        .max(2_000)
        .transform((message) => ({ code: 'bot_error', message })),
      errorSchema,
    ],
    {
      error: 'must be a text, or {"code", "message"}',
    },
  ),
  /** False where another try would fail in the same way. */
  retryable: z.boolean('must be true or false').default(true),
  stats: statsSchema,
});

const releaseSchema = z.strictObject({
  ...claimFields,
  reason: z.string('must be a text').trim().min(1).max(500).default('Handed back by its bot'),
  /** Not before that many seconds: what a host that asks for less (429, Retry-After) wants. */
  afterSeconds: z.number('must be a number').min(0).max(86_400, 'must be at most 86400').default(0),
  stats: statsSchema,
});

/**
 * The last leads and the completion, both or neither.
 * @throws ApiError 404, 403, 409 when the claim has ended in another way.
 */
export async function completeSession(
  context: EndContext,
  account: Account,
  id: number,
  input: unknown,
): Promise<ApiEndedClaim> {
  const request = parseInput(completeSchema, input);
  const claim = await findOwnClaim(context.db, account, { id, ...request });
  const { accepted, rejected } = readLeads(request.leads, claim.source, new Date());
  await endOnce(context, claim, () =>
    context.queue.finish(
      { ...claim, stats: request.stats },
      patchOf(request),
      (tx) => saveFor(tx, claim, accepted),
      ({ found, fresh }) => leadsInWords(found, fresh),
    ),
  );
  return { ...(await readEnd(context.db, account, claim, ['completed'])), rejected };
}

/**
 * A try that failed: tried again after a delay, or failed for good when no try is left or another one is of no use.
 * @throws ApiError 404, 403, 409 when the claim has ended in another way.
 */
export async function failClaim(
  context: EndContext,
  account: Account,
  id: number,
  input: unknown,
): Promise<ApiEndedClaim> {
  const request = parseInput(failSchema, input);
  const claim = await findOwnClaim(context.db, account, { id, ...request });
  const { error, stats, retryable } = request;
  await endOnce(context, claim, async () => {
    const verb = retryable ? context.queue.retry(claim, { error, stats }) : context.queue.fail(claim, { error, stats });
    return (await verb) !== 'stale';
  });
  return readEnd(context.db, account, claim, ['retry', 'failed', 'cancelled']);
}

/**
 * Gives a session back without charging a try: the bot stops, a person has cancelled it, or its host wants rest.
 * @throws ApiError 404, 403, 409 when the claim has ended in another way.
 */
export async function releaseClaim(
  context: EndContext,
  account: Account,
  id: number,
  input: unknown,
): Promise<ApiEndedClaim> {
  const request = parseInput(releaseSchema, input);
  const claim = await findOwnClaim(context.db, account, { id, ...request });
  const { reason, afterSeconds, stats } = request;
  await endOnce(context, claim, async () => {
    const verb =
      afterSeconds > 0
        ? context.queue.snooze(claim, { delayMs: afterSeconds * 1000, reason, stats })
        : context.queue.handBack(claim, { reason, stats });
    return (await verb) !== 'stale';
  });
  return readEnd(context.db, account, claim, ['interrupted', 'snoozed', 'cancelled']);
}

/** Ends a claim that is still held; `end` says whether it was this call that ended it. */
async function endOnce(context: EndContext, claim: OwnClaim, end: () => Promise<boolean>): Promise<void> {
  if (claim.ended !== null || !(await end())) return;
  await countEnd(context.db, claim);
  context.publisher.publish(['sessions', 'workers', 'leads'], [claim.id]);
}

/** What the attempt's row says, which is the same whenever it is asked. */
async function readEnd(
  db: Executor,
  account: Account,
  claim: OwnClaim,
  expected: readonly AttemptOutcome[],
): Promise<ApiEndedClaim> {
  const { ended } = await findOwnClaim(db, account, claim);
  if (ended === null || !expected.includes(ended.outcome)) {
    throw staleClaim(claim, ended === null ? 'it has ended' : `it has ended as "${ended.outcome}"`);
  }
  const { outcome, leadsFound, leadsNew } = ended;
  return { id: claim.id, claimNumber: claim.claimNumber, status: STATUS_AFTER[outcome], outcome, leadsFound, leadsNew };
}

/** What an attempt that ended so made of its session, at that moment. */
const STATUS_AFTER: Record<AttemptOutcome, ApiEndedClaim['status']> = {
  completed: 'completed',
  retry: 'pending',
  failed: 'failed',
  timed_out: 'pending',
  crashed: 'pending',
  snoozed: 'pending',
  interrupted: 'pending',
  lost: 'pending',
  cancelled: 'cancelled',
};

/** Only figures for people, hence after the commit that ended the claim: a process that dies in between loses one count. */
const COUNT_END = `
update worker_instances w set
  jobs_processed = w.jobs_processed + (m.outcome in ('completed', 'retry', 'failed'))::int,
  jobs_succeeded = w.jobs_succeeded + (m.outcome = 'completed')::int,
  jobs_failed = w.jobs_failed + (m.outcome in ('retry', 'failed'))::int
from scraper_metrics m
where m.session_id = $1::bigint and m.claim_number = $2::int and w.worker_id = m.worker_id`;

async function countEnd(db: Executor, { id, claimNumber }: OwnClaim): Promise<void> {
  await db.query(COUNT_END, [id, claimNumber]);
}
