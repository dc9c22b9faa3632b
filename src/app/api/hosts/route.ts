import { withAuth } from '#server/auth/with-auth.ts';
import { parseHostPage } from '#server/hosts/host-page.ts';
import { hostFilterSchema, listHosts } from '#server/hosts/list-hosts.ts';
import { parseQuery } from '#server/parse-query.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ query, context }) =>
    respondJson(await listHosts(context.db, parseQuery(hostFilterSchema, query), parseHostPage(query))),
  { role: 'viewer' },
);
