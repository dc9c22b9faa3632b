import { withAuth } from '#server/auth/with-auth.ts';
import { respondJson } from '#server/respond.ts';
import { previewSchedule } from '#server/schedules/preview-schedule.ts';

export const GET = withAuth(({ query }) => respondJson(previewSchedule(query)), { role: 'viewer' });
