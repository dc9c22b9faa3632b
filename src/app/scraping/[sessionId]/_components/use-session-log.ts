import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { apiPath, getJson } from '#components/api/api-client.ts';
import { notifyProblem } from '#components/notify.tsx';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiLogLine } from '#lib/api/session.ts';

const PAGE = 200;
/** So many pages are read at once when somebody goes back. */
const PAGES_BACK = 5;
/** Lines kept in the browser; the file to download has them all. */
export const LINES_MAX = 20_000;

export interface SessionLog {
  lines: readonly ApiLogLine[];
  /** There are lines before the first of these. */
  hasEarlier: boolean;
}

/**
 * The log of a session: its last lines first, then what is added, one request per change however long the log is.
 * The topic "sessions" refreshes it. `loadEarlier` goes back.
 */
export function useSessionLog(sessionId: number) {
  const queryClient = useQueryClient();
  const queryKey = ['sessions', 'log', sessionId];
  const kept = useRef<SessionLog>({ lines: [], hasEarlier: false });
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const last = kept.current.lines.at(-1)?.id;
      const added = await (last === undefined
        ? readLast(sessionId, 1, null, signal)
        : readAfter(sessionId, last, signal));
      if (last === undefined) kept.current = added;
      else if (added.lines.length > 0) kept.current = append(kept.current, added.lines);
      return kept.current;
    },
  });
  const earlier = useMutation({
    mutationFn: () => readLast(sessionId, PAGES_BACK, kept.current.lines.at(0)?.id ?? null),
    onSuccess: ({ lines, hasEarlier }) => {
      kept.current = { lines: [...lines, ...kept.current.lines], hasEarlier };
      queryClient.setQueryData(queryKey, kept.current);
    },
    onError: notifyProblem,
  });
  return { log: query.data, loadEarlier: () => earlier.mutate(), isLoadingEarlier: earlier.isPending };
}

function append({ lines, hasEarlier }: SessionLog, added: readonly ApiLogLine[]): SessionLog {
  const all = [...lines, ...added];
  return { lines: all.slice(-LINES_MAX), hasEarlier: hasEarlier || all.length > LINES_MAX };
}

const path = (sessionId: number, query: Record<string, string | number | null>) =>
  apiPath(`/api/sessions/${sessionId}/logs`, { limit: PAGE, ...query });

/** The last lines before a line, or of all; up to so many pages. */
async function readLast(
  sessionId: number,
  pages: number,
  before: number | null,
  signal?: AbortSignal,
): Promise<SessionLog> {
  let lines: ApiLogLine[] = [];
  let first = before;
  for (let page = 0; page < pages; page++) {
    const { items } = await getJson<ApiPage<ApiLogLine>>(path(sessionId, { tail: 'true', before: first }), signal);
    lines = [...items, ...lines];
    if (items.length < PAGE) return { lines, hasEarlier: false };
    first = items[0]?.id ?? null;
  }
  return { lines, hasEarlier: true };
}

/** Everything after a line, page by page; a burst longer than LINES_MAX is cut at its start by the caller. */
async function readAfter(sessionId: number, after: number, signal: AbortSignal): Promise<SessionLog> {
  const lines: ApiLogLine[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string | number | null> = { after, cursor };
    const page: ApiPage<ApiLogLine> = await getJson(path(sessionId, query), signal);
    lines.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && lines.length < LINES_MAX);
  return { lines, hasEarlier: false };
}
