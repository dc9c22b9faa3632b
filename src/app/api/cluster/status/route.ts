import { withAuth } from '#server/auth/with-auth.ts';
import { getClusterStatus } from '#server/cluster/get-cluster-status.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(async ({ context: { db } }) => respondJson(await getClusterStatus(db)), {
  role: 'viewer',
});
