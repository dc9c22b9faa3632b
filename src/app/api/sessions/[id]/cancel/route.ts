import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { respondJson } from '#server/respond.ts';
import { cancelSession } from '#server/sessions/cancel-session.ts';

export const POST = withAuth(
  async ({ params, context }) => respondJson(await cancelSession(context, parseId(params.id)), 202),
  { role: 'operator' },
);
