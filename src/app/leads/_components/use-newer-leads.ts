import { useEffect, useRef, useState } from 'react';
import type { QueryValue } from '#components/api/api-client.ts';
import { type useLeads, useNewestLead } from '#components/api/queries.ts';

/** Above this the reader has scrolled into the list. */
const TOP_PX = 80;

/**
 * Newer leads are shown, and removed ones taken away, by themselves only while nobody is reading: the page is at its top and neither
 * pointer nor focus is in the list. Otherwise rows would move away under the pointer, so the page just says what has changed.
 */
export function useNewerLeads(filters: Record<string, QueryValue>, leads: ReturnType<typeof useLeads>) {
  const { data: newest, dataUpdatedAt: lookedAt } = useNewestLead(filters);
  const [isInside, setInside] = useState(false);
  const shown = leads.data?.pages.at(0)?.items.at(0)?.id ?? 0;
  const { refetch, isFetching, dataUpdatedAt } = leads;
  const hasNewer = typeof newest === 'number' && newest > shown;
  // A look that is older than the list knows less than the list does.
  const isFirstGone = newest !== undefined && (newest ?? 0) < shown && lookedAt > dataUpdatedAt;
  const isOld = leads.isSuccess && !leads.isPlaceholderData && (hasNewer || isFirstGone);
  const mayMove = !isInside || shown === 0;
  // Each newest lead is fetched for once: it may be gone again by then, and asking on would not bring it back.
  const askedFor = useRef<number | null | undefined>(undefined);
  useEffect(() => {
    if (!isOld || isFetching || !mayMove || window.scrollY > TOP_PX || askedFor.current === newest) return;
    askedFor.current = newest;
    refetch();
  }, [isOld, isFetching, mayMove, newest, refetch]);
  return {
    change: !isOld || isFetching ? null : hasNewer ? ('newer' as const) : ('removed' as const),
    handlers: {
      onPointerEnter: () => setInside(true),
      onPointerLeave: () => setInside(false),
      onFocusCapture: () => setInside(true),
      onBlurCapture: () => setInside(false),
    },
  };
}
