import { openRoute } from '#server/auth/with-auth.ts';
import { getHealth } from '#server/metrics/get-health.ts';
import { PROGRAM_VERSION } from '#server/program-version.ts';
import { respondJson } from '#server/respond.ts';

/** Open to anybody: whether the process lives (any answer) and whether it reaches its database. Always 200. */
export const GET = openRoute(async ({ context }) => respondJson(await getHealth(context.db, PROGRAM_VERSION)));
