import { keepPreviousData, type QueryKey, type QueryMeta, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ApiAccount, ApiHealth, ApiPage } from '#lib/api/answer.ts';
import type { ApiBot } from '#lib/api/bot.ts';
import type { ApiHostPage } from '#lib/api/host.ts';
import type { ApiLead, ApiLeadDetail } from '#lib/api/lead.ts';
import type { ApiProxyPage } from '#lib/api/proxy.ts';
import type { ApiPageSnapshot, ApiSession, ApiSessionDetail, ApiSessionRequest } from '#lib/api/session.ts';
import type { ApiPortal, ApiSource } from '#lib/api/source.ts';
import type { ApiToken } from '#lib/api/token.ts';
import type { ApiSummary, ApiWorker } from '#lib/api/worker.ts';
import { learnTime } from '../use-now.ts';
import { apiPath, findJson, getJson, type QueryValue } from './api-client.ts';
import { listKey, oneKey, type Topic, topicKey } from './query-keys.ts';

/**
 * One hook per read route. The first part of a key is the topic that the live stream names, so a change of "sessions"
 * refreshes every query whose key starts with it.
 */

const PAGE_SIZE = 50;
/** For lists that share their page with others. */
const SHORT_PAGE_SIZE = 20;

interface PagesOptions {
  meta?: QueryMeta;
  queryKey?: QueryKey;
  limit?: number;
}

export function usePages<Page extends ApiPage<unknown>>(
  topic: Topic,
  path: string,
  filters: Record<string, QueryValue>,
  { meta = {}, queryKey = listKey(topic, filters), limit = PAGE_SIZE }: PagesOptions = {},
) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => getJson<Page>(apiPath(path, { ...filters, limit, cursor: pageParam }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    meta,
  });
}

export const useSessions = (filters: Record<string, QueryValue>) =>
  usePages<ApiPage<ApiSession>>('sessions', '/api/sessions', filters);

/** Leads come by the hundred while a scrape runs: the list stands still until the reader asks (see useNewestLead). */
export const useLeads = (filters: Record<string, QueryValue>) =>
  usePages<ApiPage<ApiLead>>('leads', '/api/leads', filters, { meta: { waitsForReader: true } });

/** The newest lead that the filters match: what tells that a list has become old. */
export const useNewestLead = (filters: Record<string, QueryValue>) =>
  useQuery({
    queryKey: ['leads', 'newest', filters],
    queryFn: ({ signal }) => getJson<ApiPage<ApiLead>>(apiPath('/api/leads', { ...filters, limit: 1 }), signal),
    select: (page) => page.items.at(0)?.id ?? null,
  });

export const useSession = (id: number) =>
  useQuery({
    queryKey: oneKey('sessions', id),
    queryFn: ({ signal }) => findJson<ApiSessionDetail>(`/api/sessions/${id}`, signal),
  });

export const useLead = (id: number) =>
  useQuery({
    queryKey: oneKey('leads', id),
    queryFn: ({ signal }) => findJson<ApiLeadDetail>(`/api/leads/${id}`, signal),
  });

export const useWorkers = () =>
  useQuery({
    queryKey: listKey('workers'),
    queryFn: ({ signal }) => getJson<ApiPage<ApiWorker>>('/api/workers', signal),
  });

/** Announced under "workers", like worker processes. */
export const useBots = () =>
  useQuery({
    queryKey: ['workers', 'bots'],
    queryFn: ({ signal }) => getJson<ApiPage<ApiBot>>('/api/bots', signal),
  });

/** For admins only. */
export const useTokens = () =>
  useQuery({
    queryKey: listKey('tokens'),
    queryFn: ({ signal }) => getJson<ApiPage<ApiToken>>('/api/tokens', signal),
  });

export const useProxies = (filters: Record<string, QueryValue>) =>
  usePages<ApiProxyPage>('proxies', '/api/proxies', filters, { limit: SHORT_PAGE_SIZE });

export const useHosts = (filters: Record<string, QueryValue>, limit = SHORT_PAGE_SIZE) =>
  usePages<ApiHostPage>('hosts', '/api/hosts', filters, { limit });

/** The requests of one session, newest first. */
export const useSessionRequests = (sessionId: number, problems: boolean) =>
  usePages<ApiPage<ApiSessionRequest>>(
    'sessions',
    `/api/sessions/${sessionId}/requests`,
    { problems: problems || null },
    { queryKey: ['sessions', 'requests', sessionId, problems] },
  );

export const useSnapshot = (signature: string) =>
  useQuery({
    queryKey: ['snapshots', signature],
    queryFn: ({ signal }) => findJson<ApiPageSnapshot>(`/api/snapshots/${encodeURIComponent(signature)}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useSummary = () =>
  useQuery({
    queryKey: topicKey('summary'),
    queryFn: async ({ signal }) => {
      const askedAt = Date.now();
      const summary = await getJson<ApiSummary>('/api/metrics/summary', signal);
      learnTime(summary.now, askedAt);
      return summary;
    },
  });

export const useSources = () =>
  useQuery({
    queryKey: topicKey('sources'),
    queryFn: ({ signal }) => getJson<ApiPage<ApiSource>>('/api/sources', signal),
    staleTime: 60_000,
  });

export const usePortals = () =>
  useQuery({
    queryKey: listKey('portals'),
    queryFn: ({ signal }) => getJson<ApiPage<ApiPortal>>('/api/portals', signal),
    staleTime: 60_000,
  });

/** Asks the open health route, which answers even when the database is away. */
export const useHealth = () =>
  useQuery({
    queryKey: ['health'],
    queryFn: async ({ signal }): Promise<ApiHealth> => {
      const response = await fetch('/healthz', { signal });
      return (await response.json()) as ApiHealth;
    },
    refetchInterval: 10_000,
  });

export const useAccount = () =>
  useQuery({
    queryKey: topicKey('account'),
    queryFn: ({ signal }) => getJson<ApiAccount>('/api/auth/me', signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
