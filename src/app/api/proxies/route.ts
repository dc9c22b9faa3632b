import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { parsePage } from '#server/parse-page.ts';
import { parseQuery } from '#server/parse-query.ts';
import { addProxies } from '#server/proxies/add-proxies.ts';
import { removeProxy } from '#server/proxies/change-proxy.ts';
import { listProxies, proxyFilterSchema } from '#server/proxies/list-proxies.ts';
import { respondJson } from '#server/respond.ts';

/** Ten thousand lines. */
const LIST_BYTES_MAX = 1024 * 1024;

export const GET = withAuth(
  async ({ query, context }) =>
    respondJson(await listProxies(context.db, parseQuery(proxyFilterSchema, query), parsePage(query))),
  { role: 'viewer' },
);

export const POST = withAuth(
  async ({ request, context }) => {
    const result = await addProxies(context, await readJsonBody(request, LIST_BYTES_MAX));
    return respondJson(result, result.added > 0 ? 201 : 200);
  },
  { role: 'admin' },
);

/** The same as DELETE /api/proxies/ID, with ?id=ID. */
export const DELETE = withAuth(
  async ({ query, context }) => {
    const id = parseId(query.get('id') ?? undefined);
    await removeProxy(context, id);
    return respondJson({ removed: id });
  },
  { role: 'admin' },
);
