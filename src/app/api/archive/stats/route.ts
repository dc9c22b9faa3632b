import { archiveFilterSchema, getArchiveStats } from '#server/archive/get-archive-stats.ts';
import { withAuth } from '#server/auth/with-auth.ts';
import { parseQuery } from '#server/parse-query.ts';
import { respondJson } from '#server/respond.ts';

/** What was done from `from` to `to` (days in UTC, a year at most), per day and source, whether its rows are still there or not. */
export const GET = withAuth(
  async ({ query, context }) => respondJson(await getArchiveStats(context.db, parseQuery(archiveFilterSchema, query))),
  { role: 'viewer' },
);
