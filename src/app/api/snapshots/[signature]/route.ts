import { withAuth } from '#server/auth/with-auth.ts';
import { respondJson } from '#server/respond.ts';
import { getSnapshot } from '#server/snapshots/get-snapshot.ts';

export const GET = withAuth(
  async ({ params, context }) => respondJson(await getSnapshot(context.db, params.signature)),
  { role: 'viewer' },
);
