import { withAuth } from '#server/auth/with-auth.ts';
import { listNodes } from '#server/nodes/list-nodes.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ context: { db } }) => respondJson({ items: await listNodes(db), nextCursor: null }),
  { role: 'viewer' },
);
