import { withAuth } from '#server/auth/with-auth.ts';
import { removePortal } from '#server/portals/remove-portal.ts';
import { respondJson } from '#server/respond.ts';

export const DELETE = withAuth(
  async ({ params, context }) => {
    await removePortal(context, params.id ?? null);
    return respondJson({ removed: params.id });
  },
  { role: 'admin' },
);
