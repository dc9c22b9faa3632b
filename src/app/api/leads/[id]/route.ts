import { withAuth } from '#server/auth/with-auth.ts';
import { getLead } from '#server/leads/get-lead.ts';
import { parseId } from '#server/parse-id.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(async ({ params, context }) => respondJson(await getLead(context.db, parseId(params.id))), {
  role: 'viewer',
});
