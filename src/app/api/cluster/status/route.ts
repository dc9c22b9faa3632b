import { withAuth } from '#server/auth/with-auth.ts';
import { getClusterStatus } from '#server/cluster/get-cluster-status.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ context: { db, env } }) => respondJson(await getClusterStatus(db, env.LOCK_TTL * 1_000)),
  { role: 'viewer' },
);
