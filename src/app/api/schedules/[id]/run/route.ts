import { withAuth } from '#server/auth/with-auth.ts';
import { parseId } from '#server/parse-id.ts';
import { readJsonBody } from '#server/parse-json-body.ts';
import { respondJson } from '#server/respond.ts';
import { runSchedule } from '#server/schedules/run-schedule.ts';

export const POST = withAuth(
  async ({ request, params, context }) => {
    const body = await readJsonBody(request);
    const key = request.headers.get('idempotency-key');
    return respondJson(await runSchedule(context, parseId(params.id), body, key), 202);
  },
  { role: 'operator' },
);
