import { z } from 'zod';
import type { ApiStartedClaim } from '#lib/api/bot.ts';
import { BOT_START_SECONDS } from '#lib/bots/bot-timing.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { configOfSource } from './bot-sources.ts';
import { claimFields } from './claim-input.ts';
import { findOwnClaim, staleClaim } from './find-claim.ts';

const startSchema = z.strictObject(claimFields);

/** Time for one attempt of a bot, in ms. */
export function claimTimeoutMs(source: string): number {
  return Math.max(configOfSource(source).jobTimeout, BOT_START_SECONDS * 2 * 1000);
}

/** A bot says that it works on what it has claimed. Repeated while it holds the claim: the same answer. @throws ApiError 404, 403, 409. */
export async function startSession(
  context: Pick<ServerContext, 'db' | 'queue' | 'publisher'>,
  account: Account,
  id: number,
  input: unknown,
): Promise<ApiStartedClaim> {
  const claim = { id, ...parseInput(startSchema, input) };
  const { source, ended } = await findOwnClaim(context.db, account, claim);
  const started = ended === null ? await context.queue.startClaim(claim, claimTimeoutMs(source)) : null;
  if (started === null) throw staleClaim(claim, 'it has ended');
  context.publisher.publish(['sessions'], [id]);
  return {
    id,
    claimNumber: claim.claimNumber,
    status: 'running',
    startedAt: started.startedAt.toISOString(),
    timeoutAt: started.timeoutAt.toISOString(),
    cancelRequested: started.cancelRequested,
  };
}
