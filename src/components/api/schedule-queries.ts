import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiSchedule, ApiScheduleDetail, ApiSchedulePreview } from '#lib/api/schedule.ts';
import { apiPath, findJson, getJson } from './api-client.ts';
import { usePages } from './queries.ts';
import { oneKey } from './query-keys.ts';

export const useSchedules = () => usePages<ApiPage<ApiSchedule>>('schedules', '/api/schedules', {});

export const useSchedule = (id: number) =>
  useQuery({
    queryKey: oneKey('schedules', id),
    queryFn: ({ signal }) => findJson<ApiScheduleDetail>(`/api/schedules/${id}`, signal),
  });

/** What a rule means. Not under a topic: it changes only with what is asked. */
export const useSchedulePreview = (rule: { cron: string | null; timeZone: string; everyMinutes: number | null }) =>
  useQuery({
    queryKey: ['schedule-preview', rule],
    queryFn: ({ signal }) => getJson<ApiSchedulePreview>(apiPath('/api/schedules/preview', rule), signal),
    placeholderData: keepPreviousData,
    enabled: rule.cron !== '' && (rule.cron !== null || rule.everyMinutes !== null),
  });
