import type { Executor } from '#lib/db/create-db.ts';
import { createBrowserSession } from './browser-session.ts';
import { safeNextPath } from './next-path.ts';
import { sessionCookie } from './session-cookie.ts';
import { consumeSignInLink } from './sign-in-link.ts';

/**
 * Signs the browser in with a one-time link and goes on to `next`; a used, expired or unknown link goes to the sign-in page,
 * which says how to get a new one. Redirects, so that the token leaves the address bar.
 */
export async function respondToSignInLink(db: Executor, request: Request, query: URLSearchParams): Promise<Response> {
  const token = query.get('token') ?? '';
  const isGood = /^[\w-]{20,200}$/.test(token) && (await consumeSignInLink(db, token));
  if (!isGood) return redirectTo('/sign-in?problem=used');
  const session = await createBrowserSession(db, 'admin');
  return redirectTo(safeNextPath(query.get('next')), { 'set-cookie': sessionCookie(session, request) });
}

/** The path alone: the address under which the browser came may differ from the one we know. */
function redirectTo(path: string, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: { location: path, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', ...headers },
  });
}
