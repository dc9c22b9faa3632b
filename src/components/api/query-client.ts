import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './api-client.ts';

const RETRY_WHILE_DOWN_MS = 3000;

/**
 * The browser's cache of API answers. A query that failed because the server or its database is away asks again every
 * three seconds, so pages heal by themselves; every other error stays until somebody acts.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 5000,
        retry: false,
        refetchOnWindowFocus: false,
        refetchInterval: (query) => (isOutage(query.state.error) ? RETRY_WHILE_DOWN_MS : false),
      },
    },
  });
}

export function isOutage(error: unknown): boolean {
  return error instanceof ApiError && error.isOutage;
}

function leaveWhenSignedOut(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401 || window.location.pathname === '/sign-in') return;
  const next = encodeURIComponent(window.location.pathname + window.location.search);
  window.location.assign(`/sign-in?next=${next}`);
}
