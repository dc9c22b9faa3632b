import { withAuth } from '#server/auth/with-auth.ts';
import { respondJson } from '#server/respond.ts';
import { listWorkers } from '#server/workers/list-workers.ts';

export const GET = withAuth(
  async ({ context }) => respondJson({ items: await listWorkers(context.db), nextCursor: null }),
  { role: 'viewer' },
);
