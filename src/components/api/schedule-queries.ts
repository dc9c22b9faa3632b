import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiSchedule, ApiScheduleDetail, ApiSchedulePreview } from '#lib/api/schedule.ts';
import { apiPath, getJson } from './api-client.ts';
import { listKey, oneKey } from './query-keys.ts';

const PAGE_SIZE = 50;

export const useSchedules = () =>
  useInfiniteQuery({
    queryKey: listKey('schedules'),
    queryFn: ({ pageParam, signal }) =>
      getJson<ApiPage<ApiSchedule>>(apiPath('/api/schedules', { limit: PAGE_SIZE, cursor: pageParam }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });

export const useSchedule = (id: number) =>
  useQuery({
    queryKey: oneKey('schedules', id),
    queryFn: ({ signal }) => getJson<ApiScheduleDetail>(`/api/schedules/${id}`, signal),
  });

/** What a rule means. Not under a topic: it changes only with what is asked. */
export const useSchedulePreview = (rule: { cron: string | null; timeZone: string; everyMinutes: number | null }) =>
  useQuery({
    queryKey: ['schedule-preview', rule],
    queryFn: ({ signal }) => getJson<ApiSchedulePreview>(apiPath('/api/schedules/preview', rule), signal),
    placeholderData: keepPreviousData,
    enabled: rule.cron !== '' && (rule.cron !== null || rule.everyMinutes !== null),
  });
