import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';
import { getSchedule } from '#server/schedules/list-schedules.ts';
import { changeSchedule, removeSchedule } from '#server/schedules/save-schedule.ts';

/** Five hundred targets with their params. */
const SCHEDULE_BYTES_MAX = 512 * 1024;

export const GET = withAuth(
  async ({ params, context }) => respondJson(await getSchedule(context.db, parseId(params.id))),
  { role: 'viewer' },
);

export const PATCH = withAuth(
  async ({ request, params, context }) =>
    respondJson(await changeSchedule(context, parseId(params.id), await readJsonBody(request, SCHEDULE_BYTES_MAX))),
  { role: 'operator' },
);

export const DELETE = withAuth(
  async ({ params, context }) => {
    const id = parseId(params.id);
    await removeSchedule(context, id);
    return respondJson({ removed: id });
  },
  { role: 'operator' },
);
