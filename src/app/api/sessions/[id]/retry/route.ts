import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { respondJson } from '#server/respond.ts';
import { retrySession } from '#server/sessions/retry-session.ts';

export const POST = withAuth(
  async ({ params, context }) => respondJson(await retrySession(context, parseId(params.id)), 202),
  { role: 'operator' },
);
