import { withAuth } from '#server/auth/with-auth.ts';
import { parseQuery } from '#server/parse-query.ts';
import { respondJson } from '#server/respond.ts';
import { countSessions } from '#server/sessions/count-sessions.ts';
import { sessionFilterSchema } from '#server/sessions/list-sessions.ts';

/** How many sessions a filter finds: {count, capped}; counting stops at 10,000. */
export const GET = withAuth(
  async ({ query, context }) => respondJson(await countSessions(context.db, parseQuery(sessionFilterSchema, query))),
  { role: 'viewer' },
);
