import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ServerContext } from '../context.ts';

type RemoveContext = Pick<ServerContext, 'db' | 'queue' | 'publisher'>;

/** Ends a bot: what it works on goes back at once, and its next call is told so. Safe to repeat. */
export async function removeBot({ queue, publisher }: RemoveContext, botId: string, reason: string): Promise<void> {
  await queue.deregisterWorker(botId, { status: 'stopped', reason });
  await queue.releaseWorker(botId, 'stopped');
  publisher.publish(['workers', 'sessions']);
}

/** Ends the bots and workers that a token has registered, which can call nothing any more. */
export async function removeAllOfToken(context: RemoveContext, tokenId: number): Promise<void> {
  for (const workerId of await findLivingOfToken(context.db, tokenId)) {
    await removeBot(context, workerId, 'Its token was revoked');
  }
}

async function findLivingOfToken(db: Executor, tokenId: number): Promise<string[]> {
  const rows = await db.query<{ workerId: string } & QueryRow>(
    `select worker_id as "workerId" from worker_instances
     where token_id = $1 and status not in ('stopped', 'crashed')`,
    [tokenId],
  );
  return rows.map(({ workerId }) => workerId);
}
