import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ApiRegisteredBot } from '#lib/api/bot.ts';
import { BOT_HEARTBEAT_SECONDS, BOT_LEASE_SECONDS, BOT_START_SECONDS } from '#lib/bots/bot-timing.ts';
import { sourceNameSchema } from '#lib/source-name.ts';
import { wholeNumber } from '#lib/whole-number.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { requireAllowed } from './bot-sources.ts';

const registrationSchema = z.strictObject({
  name: z.string('must be a text').trim().min(1, 'must not be empty').max(100),
  sources: z.array(sourceNameSchema, 'must be a list of names').min(1).max(50).optional(),
  concurrency: wholeNumber(1, 100).default(1),
  version: z.string('must be a text').trim().min(1).max(100).optional(),
  hostname: z.string('must be a text').trim().min(1).max(200).optional(),
});

/**
 * Adds a bot. Registering again makes another bot; one whose answer was lost is down two minutes later, without having
 * held anything.
 * @throws ApiError 400 that names the field, 422 for a source that the token may not claim.
 */
export async function registerBot(
  context: Pick<ServerContext, 'queue' | 'publisher'>,
  account: Account,
  input: unknown,
): Promise<ApiRegisteredBot> {
  const given = parseInput(registrationSchema, input);
  requireAllowed(given.sources ?? [], account.token?.sources ?? null, 'this token');
  const botId = `bot-${slugOf(given.name)}${randomBytes(4).toString('hex')}`;
  await context.queue.registerWorker(
    {
      workerId: botId,
      nodeId: given.hostname ?? given.name,
      hostname: given.hostname ?? given.name,
      pid: 0,
      concurrency: given.concurrency,
      version: given.version ?? null,
      kind: 'bot',
      name: given.name,
      tokenId: account.token?.tokenId ?? null,
      sources: given.sources ?? account.token?.sources ?? null,
    },
    BOT_LEASE_SECONDS * 1000,
  );
  context.publisher.publish(['workers']);
  return {
    botId,
    heartbeatSeconds: BOT_HEARTBEAT_SECONDS,
    leaseSeconds: BOT_LEASE_SECONDS,
    startSeconds: BOT_START_SECONDS,
  };
}

/** "Roof watcher №2" → "roof-watcher-2-", for people who read logs; '' when nothing is left. */
function slugOf(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.length === 0 ? '' : `${words.join('-').slice(0, 40)}-`;
}
