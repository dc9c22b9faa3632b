import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ArchiveStats } from '#lib/archive/archive-stats.ts';
import { apiPath, getJson } from './api-client.ts';

/** A page may be open all day. */
const LOOK_AGAIN_MS = 5 * 60_000;

/**
 * What was done since a day. It changes slowly and costs the database more than most, so it follows no live stream.
 * @param options.isPaused Whether the page shall stay as it is.
 */
export const useArchiveStats = (from: string, options: { enabled: boolean; isPaused: boolean }) =>
  useQuery({
    queryKey: ['archive', from],
    queryFn: ({ signal }) => getJson<ArchiveStats>(apiPath('/api/archive/stats', { from }), signal),
    enabled: options.enabled,
    refetchInterval: options.isPaused ? false : LOOK_AGAIN_MS,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
