import type { Query } from '@tanstack/react-query';

/** More pages than this are refreshed only by the slow round: each is a request of its own. */
const LIVE_PAGES_MAX = 3;

declare module '@tanstack/react-query' {
  interface Register {
    queryMeta: {
      /** The list does not change under the reader's eyes; the page says that there is more, and the reader asks for it. */
      waitsForReader?: boolean;
    };
  }
}

/** Whether a change of these topics refreshes a query. `thorough` is the slow round, which spares nobody but the reader. */
export function isRefreshedBy(query: Query, topics: ReadonlySet<string>, thorough: boolean): boolean {
  if (!topics.has(String(query.queryKey[0]))) return false;
  if (query.meta?.waitsForReader === true && query.state.status === 'success') return false;
  return thorough || countPages(query.state.data) <= LIVE_PAGES_MAX;
}

/** Whether the next page of a list is on its way, which a refresh of the list would call off. */
export function isLoadingMore({ state }: Query): boolean {
  return state.fetchStatus === 'fetching' && state.fetchMeta?.fetchMore !== undefined;
}

function countPages(data: unknown): number {
  if (typeof data !== 'object' || data === null || !('pages' in data)) return 1;
  return Array.isArray(data.pages) ? data.pages.length : 1;
}
