import { withAuth } from '#server/auth/with-auth.ts';
import { listBots } from '#server/bots/list-bots.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ context }) => respondJson({ items: await listBots(context.db), nextCursor: null }),
  { role: 'viewer' },
);
