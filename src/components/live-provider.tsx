'use client';

import { useLocalStorage } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { followLiveStream, type StreamState } from './live-stream.ts';

/** At most one round of refreshes per second and tab. */
const FLUSH_MS = 1000;
/** How often everything on the page is asked for again while the stream is away. */
const POLL_MS = 5000;
/** And while it is there: ages and rates move on without any change being announced. */
const SLOW_POLL_MS = 30_000;

const ALL_TOPICS = ['sessions', 'leads', 'workers', 'portals', 'proxies', 'summary'];

export type LiveState = 'live' | 'reconnecting' | 'paused';

interface Live {
  state: LiveState;
  setPaused: (paused: boolean) => void;
}

const LiveContext = createContext<Live>({ state: 'reconnecting', setPaused: () => undefined });

export const useLive = () => useContext(LiveContext);

/**
 * Turns the server's change messages into refreshes of the queries on the page. A hidden tab collects topics and
 * refreshes once when it is shown again; a paused one does nothing until it is resumed.
 */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [paused, setPaused] = useLocalStorage({ key: 'eko-live-paused', defaultValue: false });
  const active = usePathname() !== '/sign-in';
  const streamState = useStream(active && !paused);
  const state: LiveState = paused ? 'paused' : streamState === 'open' ? 'live' : 'reconnecting';
  const live = useMemo(() => ({ state, setPaused }), [state, setPaused]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

function useStream(enabled: boolean): StreamState {
  const refresh = useTopicRefresh();
  const [state, setState] = useState<StreamState>('connecting');
  useEffect(() => {
    if (!enabled) return;
    refresh(ALL_TOPICS);
    return followLiveStream({ onChange: (change) => refresh(change.topics), onState: setState });
  }, [enabled, refresh]);
  useEffect(() => {
    if (!enabled) return;
    const timer = setInterval(() => refresh(ALL_TOPICS), state === 'open' ? SLOW_POLL_MS : POLL_MS);
    return () => clearInterval(timer);
  }, [enabled, refresh, state]);
  return state;
}

/** @returns a function that collects topics and refreshes their queries at most once a second, never while hidden. */
function useTopicRefresh(): (topics: readonly string[]) => void {
  const queryClient = useQueryClient();
  const waiting = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const [refresh] = useState(() => {
    const flush = () => {
      timer.current = undefined;
      if (document.hidden || waiting.current.size === 0) return;
      const topics = waiting.current;
      waiting.current = new Set();
      topics.add('summary');
      queryClient.invalidateQueries({ predicate: ({ queryKey }) => topics.has(String(queryKey[0])) });
    };
    return Object.assign(
      (topics: readonly string[]) => {
        for (const topic of topics) waiting.current.add(topic);
        timer.current ??= setTimeout(flush, FLUSH_MS);
      },
      { flush },
    );
  });

  useEffect(() => {
    document.addEventListener('visibilitychange', refresh.flush);
    return () => {
      document.removeEventListener('visibilitychange', refresh.flush);
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [refresh]);
  return refresh;
}
