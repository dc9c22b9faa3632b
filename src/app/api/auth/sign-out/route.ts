import { clearedSessionCookie } from '#server/auth/session-cookie.ts';
import { signOut } from '#server/auth/sign-out.ts';
import { withAuth } from '#server/auth/with-auth.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withAuth(
  async ({ request, context }) => {
    await signOut(context, request);
    return respondJson({ signedOut: true }, 200, { 'set-cookie': clearedSessionCookie(request) });
  },
  { role: 'viewer' },
);
