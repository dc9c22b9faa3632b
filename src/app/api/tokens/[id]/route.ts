import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { respondJson } from '#server/respond.ts';
import { revokeToken } from '#server/tokens/change-tokens.ts';

export const DELETE = withAuth(
  async ({ params, context }) => {
    const id = parseId(params.id);
    await revokeToken(context, id);
    return respondJson({ revoked: id });
  },
  { role: 'admin' },
);
