import { withAuth } from '#server/auth/with-auth.ts';
import { respondJson } from '#server/respond.ts';
import { listProxies } from '#server/workers/list-proxies.ts';

export const GET = withAuth(
  async ({ context }) => respondJson({ items: await listProxies(context.db), nextCursor: null }),
  { role: 'viewer' },
);
