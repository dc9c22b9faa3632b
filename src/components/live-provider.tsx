'use client';

import { useLocalStorage } from '@mantine/hooks';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { Topic } from './api/query-keys.ts';
import { isLoadingMore, isRefreshedBy } from './live-refresh.ts';
import { followLiveStream, type StreamState } from './live-stream.ts';

/** At most one round of refreshes per second and tab. */
const FLUSH_MS = 1000;
/** How often everything on the page is asked for again while the stream is away. */
const POLL_MS = 5000;
/** And while it is there: ages and rates move on without any change being announced. */
const SLOW_POLL_MS = 30_000;

/** Tokens, and the sources that only bots know, are announced by nobody. */
const ALL_TOPICS: readonly Topic[] = [
  'sessions',
  'leads',
  'workers',
  'portals',
  'proxies',
  'hosts',
  'schedules',
  'sources',
  'tokens',
  'summary',
];

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
  const { refresh, drop } = useTopicRefresh();
  const [state, setState] = useState<StreamState>('connecting');
  useEffect(() => {
    if (!enabled) return;
    refresh(ALL_TOPICS, true);
    const leave = followLiveStream({ onChange: (change) => refresh(change.topics), onState: setState });
    return () => {
      leave();
      drop();
    };
  }, [enabled, refresh, drop]);
  const queryClient = useQueryClient();
  // The stream knows first that the database went away or came back. Health is asked for again even while paused.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the change of state that matters
  useEffect(() => {
    queryClient.invalidateQueries({ queryKey: ['health'] });
  }, [queryClient, state]);
  useEffect(() => {
    if (!enabled) return;
    const timer = setInterval(() => refresh(ALL_TOPICS, true), state === 'open' ? SLOW_POLL_MS : POLL_MS);
    return () => clearInterval(timer);
  }, [enabled, refresh, state]);
  return state;
}

type TopicRefresh = (topics: readonly string[], thorough?: boolean) => void;

/** `refresh` collects topics and refreshes their queries at most once a second, never while hidden; `drop` forgets them. */
function useTopicRefresh() {
  const queryClient = useQueryClient();
  const [collector] = useState(() => createCollector(queryClient));
  useEffect(() => {
    document.addEventListener('visibilitychange', collector.flush);
    return () => {
      document.removeEventListener('visibilitychange', collector.flush);
      collector.drop();
    };
  }, [collector]);
  return collector;
}

/** The summary counts everything; whatever a session asks for moves the pace of a host. */
function withImplied(topics: Set<string>): Set<string> {
  if (topics.has('sessions')) topics.add('hosts');
  return topics.add('summary');
}

function createCollector(queryClient: QueryClient) {
  let waiting = new Set<string>();
  let isThorough = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const drop = () => {
    clearTimeout(timer);
    timer = undefined;
    waiting = new Set();
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (document.hidden || waiting.size === 0) return;
    const topics = withImplied(waiting);
    const thorough = isThorough;
    waiting = new Set();
    isThorough = false;
    const postponed = new Set<string>();
    queryClient.invalidateQueries({
      predicate: (query) => {
        const isConcerned = isRefreshedBy(query, topics, thorough);
        // Somebody has asked for more of it: that first.
        if (isConcerned && isLoadingMore(query)) postponed.add(String(query.queryKey[0]));
        return isConcerned && !isLoadingMore(query);
      },
    });
    if (postponed.size > 0) refresh([...postponed], thorough);
  };
  const refresh: TopicRefresh = (topics, thorough = false) => {
    for (const topic of topics) waiting.add(topic);
    isThorough ||= thorough;
    timer ??= setTimeout(flush, FLUSH_MS);
  };
  return { refresh, flush, drop };
}
