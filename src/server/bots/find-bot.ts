import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { WorkerStatus } from '#lib/db/schema/vocabulary.ts';
import { ApiError, fieldError } from '../api-error.ts';
import type { Account } from '../auth/authenticate.ts';

/** A bot as its own calls need it. */
export interface Bot {
  botId: string;
  name: string;
  /** The token that registered it; null for the admin token of the settings. */
  tokenId: number | null;
  /** The only sources that it can scrape; null is all. */
  sources: string[] | null;
  concurrency: number;
  status: WorkerStatus;
  stopReason: string | null;
}

const FIND_BOT = `
select worker_id as "botId", coalesce(name, worker_id) as name, token_id as "tokenId", sources, concurrency, status,
  stop_reason as "stopReason"
from worker_instances where worker_id = $1 and kind = 'bot'`;

/** @throws ApiError 404. */
export async function findBot(db: Executor, botId: string): Promise<Bot> {
  const [row] = await db.query<Bot & QueryRow>(FIND_BOT, [botId]);
  if (row) return row;
  throw new ApiError('not_found', `There is no bot "${botId}".`, {
    details: [{ field: 'id', message: 'is not known' }],
  });
}

/** A bot that the caller's token has registered. @throws ApiError 404, or 403 for the bot of another token. */
export async function findOwnBot(db: Executor, account: Account, botId: string): Promise<Bot> {
  const bot = await findBot(db, botId);
  if (isOwn(account, bot.tokenId)) return bot;
  throw new ApiError('forbidden', `The bot "${botId}" was registered with another token.`);
}

/** Whether what a token has registered is the caller's. */
export function isOwn(account: Account, tokenId: number | null): boolean {
  return tokenId === (account.token?.tokenId ?? null);
}

/** The bot has been silent for too long, or was removed: its sessions are with others. */
export function botLost({ botId, status, stopReason }: Bot): ApiError {
  const why = status === 'stopped' ? (stopReason ?? 'it was stopped') : 'it was silent for too long';
  return new ApiError(
    'bot_lost',
    `The bot "${botId}" is no more: ${why}. Register again; drop what it was working on.`,
  );
}

/** The id in a path. @throws ApiError 400 that names it. */
export function parseBotId(text: string | undefined): string {
  if (text !== undefined && /^[a-z0-9][a-z0-9.-]{0,199}$/.test(text)) return text;
  throw fieldError('invalid_request', 'id', `"${String(text).slice(0, 100)}" is not the id of a bot`);
}
