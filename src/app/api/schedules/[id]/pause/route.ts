import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { respondJson } from '#server/respond.ts';
import { pauseSchedule } from '#server/schedules/save-schedule.ts';

export const POST = withAuth(
  async ({ params, context }) => respondJson(await pauseSchedule(context, parseId(params.id), true)),
  { role: 'operator' },
);
