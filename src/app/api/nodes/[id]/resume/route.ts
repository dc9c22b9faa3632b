import { withAuth } from '#server/auth/with-auth.ts';
import { setNodeMode } from '#server/nodes/steer-node.ts';
import { respondJson } from '#server/respond.ts';

export const POST = withAuth(
  async ({ params, context }) => respondJson(await setNodeMode(context, params.id, 'active')),
  { role: 'operator' },
);
