import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { removeProxy } from '#server/proxies/change-proxy.ts';
import { respondJson } from '#server/respond.ts';

export const DELETE = withAuth(
  async ({ params, context }) => {
    const id = parseId(params.id);
    await removeProxy(context, id);
    return respondJson({ removed: id });
  },
  { role: 'admin' },
);
