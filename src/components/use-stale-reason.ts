import { type QueryCache, useQueryClient } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';

/** Why something that is shown could not be refreshed, as one sentence; null while all of it is fresh. */
export function useStaleReason(): string | null {
  const cache = useQueryClient().getQueryCache();
  const subscribe = useCallback((onChange: () => void) => cache.subscribe(onChange), [cache]);
  return useSyncExternalStore(
    subscribe,
    () => staleReason(cache),
    () => null,
  );
}

/** What was never there says so in its own place. */
export function staleReason(cache: QueryCache): string | null {
  const failing = cache
    .getAll()
    .find((query) => query.isActive() && query.state.status === 'error' && query.state.data !== undefined);
  const message = failing?.state.error?.message;
  return message === undefined ? null : message.replace(/\.?$/, '.');
}
