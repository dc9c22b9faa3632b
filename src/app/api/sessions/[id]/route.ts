import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { respondJson } from '#server/respond.ts';
import { getSession } from '#server/sessions/get-session.ts';

export const GET = withAuth(
  async ({ params, context }) => respondJson(await getSession(context.db, parseId(params.id))),
  { role: 'viewer' },
);
