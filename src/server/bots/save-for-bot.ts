import { z } from 'zod';
import type { ApiSavedCheckpoint } from '#lib/api/bot.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { LeaseLostError } from '#lib/errors.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import type { CheckpointPatch, FoundLeads } from '#workers/queue/job-queue.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { claimFields } from './claim-input.ts';
import { findOwnClaim, type OwnClaim, staleClaim } from './find-claim.ts';
import { leadsSchema, readLeads } from './lead-input.ts';

const CURSOR_CHARS_MAX = 64 * 1024;

/** What both a checkpoint and a completion may carry. */
export const saveFields = {
  ...claimFields,
  leads: leadsSchema,
  /** Where to go on: whoever claims the session next gets it back. */
  cursor: z
    .unknown()
    .refine(
      (cursor) => cursor === undefined || JSON.stringify(cursor).length <= CURSOR_CHARS_MAX,
      `must have at most ${CURSOR_CHARS_MAX} characters of JSON`,
    )
    .optional(),
  /** One short sentence for people, and numbers if there are any. */
  progress: z
    .strictObject({
      message: z.string('must be a text').max(500).optional(),
      done: z.number().min(0).optional(),
      total: z.number().min(0).optional(),
      pages: z.number().min(0).optional(),
      rows: z.number().min(0).optional(),
    })
    .optional(),
};

const checkpointSchema = z.strictObject(saveFields);
type SaveInput = z.output<typeof checkpointSchema>;

/**
 * Saves what a bot has found so far and where it is. Safe to repeat: leads that are there already are not counted again.
 * @throws ApiError 404, 403, 409.
 */
export async function saveCheckpointOfBot(
  context: Pick<ServerContext, 'db' | 'queue' | 'publisher'>,
  account: Account,
  id: number,
  input: unknown,
): Promise<ApiSavedCheckpoint> {
  const request = parseInput(checkpointSchema, input);
  const claim = await findOwnClaim(context.db, account, { id, ...request });
  const { accepted, rejected } = readLeads(request.leads, claim.source, new Date());
  try {
    const counts = await context.queue.checkpoint(claim, patchOf(request), (tx) => saveFor(tx, claim, accepted));
    context.publisher.publish(accepted.length > 0 ? ['sessions', 'leads'] : ['sessions'], [id]);
    return {
      id,
      claimNumber: claim.claimNumber,
      status: 'running',
      leadsFound: counts.found,
      leadsNew: counts.fresh,
      cancelRequested: counts.cancelRequested,
      rejected,
    };
  } catch (error) {
    if (error instanceof LeaseLostError) throw staleClaim(claim, 'it has ended');
    throw error;
  }
}

export function patchOf(request: Pick<SaveInput, 'cursor' | 'progress'>): CheckpointPatch {
  const { message, done, total, pages, rows } = request.progress ?? {};
  const progress = {
    ...(message === undefined ? {} : { message }),
    ...(done === undefined ? {} : { done }),
    ...(total === undefined ? {} : { total }),
    ...(pages === undefined ? {} : { pages }),
    ...(rows === undefined ? {} : { rows }),
  };
  return {
    ...(request.cursor === undefined ? {} : { cursor: request.cursor }),
    ...(request.progress === undefined ? {} : { progress }),
  };
}

/** Writes leads through the transaction that holds the session. */
export async function saveFor(tx: Executor, claim: OwnClaim, leads: readonly NormalizedLead[]): Promise<FoundLeads> {
  const { id: sessionId, batchId, location } = claim;
  const { found, fresh } = await saveLeads(tx, leads, { sessionId, batchId, location });
  return { found, fresh };
}
