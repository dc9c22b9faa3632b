import { hashToken } from '#lib/tokens/token-hash.ts';
import type { ServerContext } from '../context.ts';
import { deleteBrowserSession } from './browser-session.ts';
import { readSessionCookie } from './session-cookie.ts';

/** Ends the browser session that a request carries; a bearer's request has none, which is fine. */
export async function signOut(
  context: Pick<ServerContext, 'db' | 'verifiedSessions'>,
  request: Request,
): Promise<void> {
  const token = readSessionCookie(request.headers.get('cookie'));
  if (token === null) return;
  const hash = hashToken(token);
  context.verifiedSessions.forget(hash);
  await deleteBrowserSession(context.db, hash);
}
