import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ServerContext } from '../context.ts';

type RemoveContext = Pick<ServerContext, 'db' | 'queue' | 'publisher'>;

/** Ends a bot: what it works on goes back at once, and its next call is told so. Safe to repeat. */
export async function removeBot({ queue, publisher }: RemoveContext, botId: string, reason: string): Promise<void> {
  await queue.deregisterWorker(botId, { status: 'stopped', reason });
  await queue.releaseWorker(botId, 'stopped');
  publisher.publish(['workers', 'sessions']);
}

/** Ends the bots that a token has registered, which can call nothing any more. */
export async function removeBotsOfToken(context: RemoveContext, tokenId: number): Promise<void> {
  for (const botId of await findLivingBots(context.db, tokenId)) {
    await removeBot(context, botId, 'Its token was revoked');
  }
}

async function findLivingBots(db: Executor, tokenId: number): Promise<string[]> {
  const rows = await db.query<{ botId: string } & QueryRow>(
    `select worker_id as "botId" from worker_instances
     where token_id = $1 and kind = 'bot' and status not in ('stopped', 'crashed')`,
    [tokenId],
  );
  return rows.map(({ botId }) => botId);
}
