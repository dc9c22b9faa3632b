import { withAuth } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';
import { populateSessions } from '#server/sessions/populate-sessions.ts';

/** A thousand sessions with their params. */
const SESSIONS_BYTES_MAX = 1024 * 1024;

export const POST = withAuth(
  async ({ request, context }) =>
    respondJson(await populateSessions(context, await readJsonBody(request, SESSIONS_BYTES_MAX)), 202),
  { role: 'admin' },
);
