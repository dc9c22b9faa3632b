import type { ApiNewToken } from '#lib/api/token.ts';
import { createApiToken, newApiTokenSchema, revokeApiToken } from '#lib/tokens/api-tokens.ts';
import { ApiError } from '../api-error.ts';
import { removeAllOfToken } from '../bots/remove-bot.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';

/** Makes a token; the only answer that contains it. @throws ApiError 400 that names the field. */
export async function addToken(context: Pick<ServerContext, 'db'>, input: unknown): Promise<ApiNewToken> {
  const { token, record } = await createApiToken(context.db, parseInput(newApiTokenSchema, input));
  return { ...record, token };
}

/**
 * Revokes a token: the next request with it is refused, and what its bots were working on goes back at once.
 * @throws ApiError 404.
 */
export async function revokeToken(
  context: Pick<ServerContext, 'db' | 'queue' | 'publisher'>,
  id: number,
): Promise<void> {
  if ((await revokeApiToken(context.db, id)) === null) {
    throw new ApiError('not_found', `There is no token ${id}.`, {
      details: [{ field: 'id', message: 'is not known' }],
    });
  }
  await removeAllOfToken(context, id);
}
