import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { changeProxy } from '#server/proxies/change-proxy.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withAuth(
  async ({ params, context }) => respondJson(await changeProxy(context, parseId(params.id), 'enable')),
  { role: 'operator' },
);
