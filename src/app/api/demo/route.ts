import { withAuth } from '#server/auth/with-auth.ts';
import { removeDemo } from '#server/demo/remove-demo.ts';
import { restoreDemo } from '#server/demo/restore-demo.ts';
import { respondJson } from '#server/respond.ts';

/** Puts the demo's portals back. */
export const POST = withAuth(async ({ context }) => respondJson(await restoreDemo(context)), { role: 'admin' });

/** Removes everything that the demo brought: portals, sessions and leads. */
export const DELETE = withAuth(async ({ context }) => respondJson(await removeDemo(context)), { role: 'admin' });
