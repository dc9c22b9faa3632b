import { withAuth } from '#server/auth/with-auth.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(({ account }) => respondJson({ role: account.role }), { role: 'viewer' });
