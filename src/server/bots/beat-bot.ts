import { z } from 'zod';
import type { ApiBotBeat, ApiBotOrder } from '#lib/api/bot.ts';
import { BOT_HEARTBEAT_SECONDS, BOT_LEASE_SECONDS } from '#lib/bots/bot-timing.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { claimNumberSchema, sessionIdSchema } from './claim-input.ts';
import { botLost, findOwnBot } from './find-bot.ts';

const beatSchema = z.strictObject({
  botId: z.string('must be the botId that POST /api/bots/register gave').min(1).max(200),
  /** What the bot believes to hold; it is told of each that it does not hold any more. */
  sessions: z
    .array(z.strictObject({ id: sessionIdSchema, claimNumber: claimNumberSchema }), 'must be a list')
    .max(100)
    .default([]),
});

const FIND_STALE = `
select g.id as "sessionId", g.claim_number as "claimNumber"
from unnest($1::bigint[], $2::int[]) as g(id, claim_number)
where not exists (
  select from scraping_sessions s
  where s.id = g.id and s.claim_number = g.claim_number and s.worker_id = $3 and starts_with(s.status, 'running'))`;

/**
 * A bot's sign of life, answered with what it must stop: `cancelled` by a person, past its `timeout`, or `stale` because
 * the session is no longer its own.
 * @throws ApiError 404, 403, or 409 when its lease has passed.
 */
export async function beatBot(
  context: Pick<ServerContext, 'db' | 'queue'>,
  account: Account,
  input: unknown,
): Promise<ApiBotBeat> {
  const { botId, sessions } = parseInput(beatSchema, input);
  const bot = await findOwnBot(context.db, account, botId);
  const beat = await context.queue.renewBot(botId, BOT_LEASE_SECONDS * 1000);
  if (!beat.alive) throw botLost(bot);
  const stale = sessions.length === 0 ? [] : await findStale(context.db, botId, sessions);
  const orders = beat.abort.map(({ sessionId, claimNumber, why }): ApiBotOrder => ({ sessionId, claimNumber, why }));
  return {
    botId,
    heartbeatSeconds: BOT_HEARTBEAT_SECONDS,
    leaseSeconds: BOT_LEASE_SECONDS,
    stop: [...orders, ...stale.map((claim): ApiBotOrder => ({ ...claim, why: 'stale' }))],
  };
}

async function findStale(db: Executor, botId: string, sessions: readonly { id: number; claimNumber: number }[]) {
  return await db.query<{ sessionId: number; claimNumber: number } & QueryRow>(FIND_STALE, [
    sessions.map(({ id }) => id),
    sessions.map(({ claimNumber }) => claimNumber),
    botId,
  ]);
}
