import { withAuth } from '#server/auth/with-auth.ts';
import { listSources } from '#server/portals/list-sources.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ context }) => respondJson({ items: await listSources(context.db), nextCursor: null }),
  { role: 'viewer' },
);
