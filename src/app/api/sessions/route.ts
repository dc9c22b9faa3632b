import { withAuth } from '#server/auth/with-auth.ts';
import { parsePage } from '#server/parse-page.ts';
import { parseQuery } from '#server/parse-query.ts';
import { respondJson } from '#server/respond.ts';
import { listSessions, sessionFilterSchema } from '#server/sessions/list-sessions.ts';

export const GET = withAuth(
  async ({ query, context }) =>
    respondJson(await listSessions(context.db, parseQuery(sessionFilterSchema, query), parsePage(query))),
  { role: 'viewer' },
);
