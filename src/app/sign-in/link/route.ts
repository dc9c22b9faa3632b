import { respondToSignInLink } from '#server/auth/respond-to-sign-in-link.ts';
import { openRoute } from '#server/auth/with-auth.ts';

/** GET /sign-in?token=… arrives here by a rewrite of next.config.ts. */
export const GET = openRoute(({ request, query, context }) => respondToSignInLink(context.db, request, query));

/** Previews and scanners ask with HEAD first; that must not use the link up. */
export function HEAD(): Response {
  return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } });
}
