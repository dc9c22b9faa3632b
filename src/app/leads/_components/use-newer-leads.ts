import { useEffect, useRef, useState } from 'react';
import type { QueryValue } from '#components/api/api-client.ts';
import { type useLeads, useNewestLead } from '#components/api/queries.ts';

/** Above this the reader has scrolled into the list. */
const TOP_PX = 80;

/**
 * Newer leads are shown by themselves only while nobody is reading: the page is at its top and neither pointer nor focus
 * is in the list. Otherwise rows would move away under the pointer, so the page just says that there are newer ones.
 */
export function useNewerLeads(filters: Record<string, QueryValue>, leads: ReturnType<typeof useLeads>) {
  const newest = useNewestLead(filters).data;
  const [isInside, setInside] = useState(false);
  const shown = leads.data?.pages.at(0)?.items.at(0)?.id ?? 0;
  const isOld = leads.isSuccess && !leads.isPlaceholderData && typeof newest === 'number' && newest > shown;
  const { refetch, isFetching } = leads;
  const mayMove = !isInside || shown === 0;
  // Each newest lead is fetched for once: it may be gone again by then, and asking on would not bring it back.
  const askedFor = useRef<number | null>(null);
  useEffect(() => {
    if (!isOld || isFetching || !mayMove || window.scrollY > TOP_PX || askedFor.current === newest) return;
    askedFor.current = newest;
    refetch();
  }, [isOld, isFetching, mayMove, newest, refetch]);
  return {
    hasNewer: isOld && !isFetching,
    handlers: {
      onPointerEnter: () => setInside(true),
      onPointerLeave: () => setInside(false),
      onFocusCapture: () => setInside(true),
      onBlurCapture: () => setInside(false),
    },
  };
}
