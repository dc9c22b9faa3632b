import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { parsePage } from '#server/parse-page.ts';
import { parseQuery } from '#server/parse-query.ts';
import { respondJson } from '#server/respond.ts';
import { listSessionRequests, requestFilterSchema } from '#server/sessions/list-session-requests.ts';

export const GET = withAuth(
  async ({ params, query, context }) => {
    const filter = parseQuery(requestFilterSchema, query);
    return respondJson(await listSessionRequests(context.db, parseId(params.id), filter, parsePage(query)));
  },
  { role: 'viewer' },
);
