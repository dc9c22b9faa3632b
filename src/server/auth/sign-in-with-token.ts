import { z } from 'zod';
import { isSameSecret } from '#lib/tokens/token-hash.ts';
import { ApiError, fieldError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { parseInput } from '../parse-input.ts';
import { createBrowserSession } from './browser-session.ts';

const signInSchema = z.strictObject({ token: z.string('must be the admin token').min(1).max(1000) });

/**
 * Exchanges the admin token for a browser session's token.
 * @param client What the limit counts by: the address that the request came from.
 * @throws ApiError 401 for a wrong token, 429 after too many of them.
 */
export async function signInWithToken(
  context: Pick<ServerContext, 'db' | 'env' | 'signInLimiter'>,
  input: unknown,
  client: string,
): Promise<string> {
  const waitMs = context.signInLimiter.waitMs(client);
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1000);
    throw new ApiError('too_many_tries', `Too many wrong tokens. Try again in ${Math.ceil(seconds / 60)} min.`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
  const { token } = parseInput(signInSchema, input);
  const expected = context.env.ADMIN_TOKEN;
  if (!expected || !isSameSecret(token.trim(), expected)) {
    context.signInLimiter.noteFailure(client);
    throw fieldError('wrong_token', 'token', 'is not the admin token; "npm start" prints where it is kept');
  }
  return createBrowserSession(context.db, 'admin');
}
