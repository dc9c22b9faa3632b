import { withAuth } from '#server/auth/with-auth.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { parsePage } from '#server/parse-page.ts';
import { respondJson } from '#server/respond.ts';
import { listSchedules } from '#server/schedules/list-schedules.ts';
import { addSchedule } from '#server/schedules/save-schedule.ts';

/** Five hundred targets with their params. */
const SCHEDULE_BYTES_MAX = 512 * 1024;

export const GET = withAuth(
  async ({ query, context }) => respondJson(await listSchedules(context.db, parsePage(query))),
  { role: 'viewer' },
);

export const POST = withAuth(
  async ({ request, context }) =>
    respondJson(await addSchedule(context, await readJsonBody(request, SCHEDULE_BYTES_MAX)), 201),
  { role: 'operator' },
);
