import { withAuth } from '#server/auth/with-auth.ts';
import { resumeHost } from '#server/hosts/resume-host.ts';
import { respondJson } from '#server/respond.ts';

/** Lets a paused host be asked again now; `id` is its key. */
export const POST = withAuth(async ({ params, context }) => respondJson(await resumeHost(context, params.id)), {
  role: 'operator',
});
