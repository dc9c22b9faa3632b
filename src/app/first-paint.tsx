import 'server-only';
import { dehydrate, HydrationBoundary, QueryClient, type QueryKey } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { apiPath, type QueryValue } from '#components/api/api-client.ts';
import { CLUSTER_KEY, listKey, oneKey, topicKey } from '#components/api/query-keys.ts';
import type { ApiPage } from '#lib/api/answer.ts';
import type { Role } from '#lib/db/schema/vocabulary.ts';
import { getClusterStatus } from '#server/cluster/get-cluster-status.ts';
import { serverContext } from '#server/context.ts';
import { getLead } from '#server/leads/get-lead.ts';
import { leadFilterSchema } from '#server/leads/lead-filter.ts';
import { listLeads } from '#server/leads/list-leads.ts';
import { getSummary } from '#server/metrics/get-summary.ts';
import { parsePage } from '#server/parse-page.ts';
import { parseQuery } from '#server/parse-query.ts';
import { listPortals } from '#server/portals/list-portals.ts';
import { listSources } from '#server/portals/list-sources.ts';
import { getSession } from '#server/sessions/get-session.ts';
import { listSessions, sessionFilterSchema } from '#server/sessions/list-sessions.ts';
import { listWorkers } from '#server/workers/list-workers.ts';

/** Something that a page reads before it is sent, under the key by which the browser will look for it. */
export interface FirstRead {
  queryKey: QueryKey;
  read: () => Promise<unknown>;
  /** A list that the browser continues page by page. */
  paged?: boolean;
}

/**
 * Sends a page with its data, so that the first paint is the page and not its skeleton. A read that fails is left to the
 * browser, which says why and tries again.
 */
export async function FirstPaint({ reads, children }: { reads: FirstRead[]; children: ReactNode }) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await Promise.all(
    reads.map(({ queryKey, read, paged }) =>
      paged === true
        ? client.prefetchInfiniteQuery({ queryKey, queryFn: read, initialPageParam: null })
        : client.prefetchQuery({ queryKey, queryFn: read }),
    ),
  );
  return <HydrationBoundary state={dehydrate(client)}>{children}</HydrationBoundary>;
}

type Filters = Record<string, QueryValue>;

/** The filters as the route would get them, so that page and route cannot differ. */
const asQuery = (filters: Filters) => new URL(apiPath('/', filters), 'http://localhost').searchParams;
const FIRST_PAGE = parsePage(new URLSearchParams());

export const readSessions = (filters: Filters): FirstRead => ({
  queryKey: listKey('sessions', filters),
  paged: true,
  read: async () => listSessions(serverContext().db, parseQuery(sessionFilterSchema, asQuery(filters)), FIRST_PAGE),
});

export const readLeads = (filters: Filters): FirstRead => ({
  queryKey: listKey('leads', filters),
  paged: true,
  read: async () => listLeads(serverContext().db, parseQuery(leadFilterSchema, asQuery(filters)), FIRST_PAGE),
});

export const readSession = (id: number): FirstRead => ({
  queryKey: oneKey('sessions', id),
  read: () => getSession(serverContext().db, id),
});

export const readLead = (id: number): FirstRead => ({
  queryKey: oneKey('leads', id),
  read: () => getLead(serverContext().db, id),
});

export const readSummary = (): FirstRead => ({
  queryKey: topicKey('summary'),
  read: () => getSummary(serverContext().db, serverContext().env.EKO_ENV),
});

/** Who is signed in, as the caller found out. */
export const readAccount = (role: Role): FirstRead => ({
  queryKey: topicKey('account'),
  read: async () => ({ role }),
});

export const readSources = (): FirstRead => ({
  queryKey: topicKey('sources'),
  read: async () => wholeList(await listSources(serverContext().db)),
});

export const readPortals = (): FirstRead => ({
  queryKey: listKey('portals'),
  read: async () => wholeList(await listPortals(serverContext().db)),
});

export const readWorkers = (): FirstRead => ({
  queryKey: listKey('workers'),
  read: async () => wholeList(await listWorkers(serverContext().db)),
});

export const readClusterStatus = (): FirstRead => ({
  queryKey: CLUSTER_KEY,
  read: () => getClusterStatus(serverContext().db),
});

const wholeList = <T,>(items: T[]): ApiPage<T> => ({ items, nextCursor: null });
