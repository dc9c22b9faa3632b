import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ArchiveStats } from '#lib/archive/archive-stats.ts';
import { apiPath, getJson } from './api-client.ts';

/** What was done since a day. It changes slowly and costs the database more than most, so it follows no live stream. */
export const useArchiveStats = (from: string, enabled: boolean) =>
  useQuery({
    queryKey: ['archive', from],
    queryFn: ({ signal }) => getJson<ArchiveStats>(apiPath('/api/archive/stats', { from }), signal),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
