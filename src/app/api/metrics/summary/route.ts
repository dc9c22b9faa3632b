import { withAuth } from '#server/auth/with-auth.ts';
import { getSummary } from '#server/metrics/get-summary.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(async ({ context }) => respondJson(await getSummary(context.db, context.env.EKO_ENV)), {
  role: 'viewer',
});
