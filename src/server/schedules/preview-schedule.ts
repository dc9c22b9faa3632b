import { z } from 'zod';
import type { ApiSchedulePreview } from '#lib/api/schedule.ts';
import { describeRule } from '#lib/schedules/describe-rule.ts';
import { parseQuery, queryText } from '../parse-query.ts';
import { nextRuns } from './list-schedules.ts';
import { checkRule } from './schedule-input.ts';

const previewSchema = z.strictObject({
  cron: queryText().optional(),
  timeZone: queryText(100).default('UTC'),
  everyMinutes: z
    .string()
    .regex(/^\d{1,6}$/, 'must be a whole number')
    .transform(Number)
    .optional(),
});

/** What a rule means, before anything is saved. @throws ApiError 400 that names the field. */
export function previewSchedule(query: URLSearchParams): ApiSchedulePreview {
  const { cron = null, timeZone, everyMinutes = null } = parseQuery(previewSchema, query);
  const rule = checkRule({ cron, timeZone, everyMinutes });
  return { ...rule, description: describeRule(rule), next: nextRuns(rule) };
}
