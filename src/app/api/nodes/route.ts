import { withAuth } from '#server/auth/with-auth.ts';
import { listNodes } from '#server/nodes/list-nodes.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ context: { db, env } }) =>
    respondJson({ items: await listNodes(db, env.LOCK_TTL * 1_000), nextCursor: null }),
  { role: 'viewer' },
);
