import { withAuth } from '#server/auth/with-auth.ts';
import { leadFilterSchema } from '#server/leads/lead-filter.ts';
import { listLeads } from '#server/leads/list-leads.ts';
import { parsePage } from '#server/parse-page.ts';
import { parseQuery } from '#server/parse-query.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ query, context }) =>
    respondJson(await listLeads(context.db, parseQuery(leadFilterSchema, query), parsePage(query))),
  { role: 'viewer' },
);
