import { clientAddress } from '#server/auth/client-address.ts';
import { refuseCrossSite } from '#server/auth/refuse-cross-site.ts';
import { sessionCookie } from '#server/auth/session-cookie.ts';
import { signInWithToken } from '#server/auth/sign-in-with-token.ts';
import { openRoute } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';

/** The admin token in, a session cookie out. Another site must not be able to sign a browser in, hence the check. */
export const POST = openRoute(async ({ request, context }) => {
  refuseCrossSite(request);
  const token = await signInWithToken(context, await readJsonBody(request), clientAddress(request));
  return respondJson({ role: 'admin' }, 200, { 'set-cookie': sessionCookie(token, request) });
});
