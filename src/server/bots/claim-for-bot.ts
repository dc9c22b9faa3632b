import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiClaim } from '#lib/api/bot.ts';
import { BOT_LEASE_SECONDS, BOT_START_SECONDS } from '#lib/bots/bot-timing.ts';
import { sourceNameSchema } from '#lib/source-name.ts';
import { listKnownSources } from '#lib/sources/known-sources.ts';
import { wholeNumber } from '#lib/whole-number.ts';
import type { ClaimedSession } from '#workers/queue/job-queue.ts';
import type { Account } from '../auth/authenticate.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { bothAllow, configOfSource, requireAllowed } from './bot-sources.ts';
import { type Bot, botLost, findOwnBot } from './find-bot.ts';
import { claimTimeoutMs } from './start-session.ts';

/** While a claim waits for work, it looks this often. */
const LOOK_EVERY_MS = 1_000;

const claimSchema = z.strictObject({
  botId: z.string('must be the botId that POST /api/bots/register gave').min(1).max(200),
  sources: z.array(sourceNameSchema, 'must be a list of names').min(1).max(50).optional(),
  limit: wholeNumber(1, 100).default(1),
  waitSeconds: z.number('must be a number from 0 to 30').min(0).max(30, 'must be at most 30').default(0),
});

/**
 * Hands ready sessions to a bot, at most as many as it has room for, and counts as a sign of life. What an earlier claim gave and
 * the bot has not started is taken back first, so a lost answer strands nothing: one claim at a time, and each is started before the next.
 * @param signal of the request: nobody is waiting any more.
 * @throws ApiError 404, 403, 422, or 409 when its lease has passed.
 */
export async function claimForBot(
  context: Pick<ServerContext, 'db' | 'queue' | 'publisher'>,
  account: Account,
  input: unknown,
  signal: AbortSignal,
): Promise<ApiClaim[]> {
  const request = parseInput(claimSchema, input);
  const bot = await findOwnBot(context.db, account, request.botId);
  const sources = await sourcesFor(context, account, bot, request.sources);
  const handedBack = await context.queue.handBackNotStarted(bot.botId);
  const beat = await context.queue.renewBot(bot.botId, BOT_LEASE_SECONDS * 1000);
  if (!beat.alive) throw botLost(bot);
  const limit = Math.min(request.limit, bot.concurrency - beat.activeSessions);
  // What was handed back just now lies before the cursor.
  const place = handedBack > 0 ? 'front' : 'cursor';
  const claim = () =>
    context.queue.claim({ workerId: bot.botId, sources, limit, jobTimeoutMs: BOT_START_SECONDS * 1000 }, place);

  const until = performance.now() + request.waitSeconds * 1000;
  let claimed = await claim();
  while (claimed.length === 0 && limit > 0 && performance.now() + LOOK_EVERY_MS <= until && !signal.aborted) {
    // Rejects when the caller has gone, which only means: look no more.
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    if (!signal.aborted) claimed = await claim();
  }
  if (claimed.length > 0)
    context.publisher.publish(
      ['sessions', 'workers'],
      claimed.map(({ id }) => id),
    );
  return claimed.map(toApiClaim);
}

/** What token, bot and request allow alike. */
async function sourcesFor(
  { db }: Pick<ServerContext, 'db'>,
  account: Account,
  bot: Bot,
  wanted: string[] | undefined,
): Promise<string[]> {
  const allowed = bothAllow(bot.sources, account.token?.sources ?? null);
  if (wanted !== undefined) {
    requireAllowed(wanted, allowed, 'this bot');
    return wanted;
  }
  return allowed ?? (await listKnownSources(db));
}

function toApiClaim(claimed: ClaimedSession): ApiClaim {
  const config = configOfSource(claimed.source);
  return {
    id: claimed.id,
    claimNumber: claimed.claimNumber,
    batchId: claimed.batchId,
    source: claimed.source,
    location: claimed.location,
    params: claimed.params,
    cursor: claimed.cursor ?? null,
    priority: claimed.priority,
    retryCount: claimed.retryCount,
    maxRetries: claimed.maxRetries,
    leadsFound: claimed.leadsFound,
    startBefore: claimed.timeoutAt.toISOString(),
    rules: {
      rateLimitMs: config.rateLimit,
      maxInflightPerHost: config.maxInflight,
      requestTimeoutMs: config.timeout,
      sessionTimeoutMs: claimTimeoutMs(claimed.source),
      respectRobotsTxt: true,
    },
  };
}
