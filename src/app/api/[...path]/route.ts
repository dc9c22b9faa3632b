import { ApiError } from '#server/api-error.ts';
import { withAuth } from '#server/auth/with-auth.ts';

/** Every path under /api that no other route has. */
const unknownPath = withAuth(
  ({ request }) => {
    throw new ApiError('not_found', `There is no route ${request.method} ${new URL(request.url).pathname}.`);
  },
  { role: 'viewer' },
);

export { unknownPath as DELETE, unknownPath as GET, unknownPath as PATCH, unknownPath as POST, unknownPath as PUT };
