import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { apiPath, getJson } from '#components/api/api-client.ts';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiLogLine } from '#lib/api/session.ts';

const PAGE = 200;
/** Lines kept in the browser; the file to download has them all. */
export const LINES_MAX = 20_000;

/**
 * The log of a session: its last lines first, then what is added, one request per change however long the log is.
 * The topic "sessions" refreshes it.
 */
export function useSessionLog(sessionId: number) {
  const lines = useRef<ApiLogLine[]>([]);
  return useQuery({
    queryKey: ['sessions', 'log', sessionId],
    queryFn: async ({ signal }) => {
      const last = lines.current.at(-1)?.id;
      const added = last === undefined ? await readTail(sessionId, signal) : await readAfter(sessionId, last, signal);
      if (added.length > 0) lines.current = [...lines.current, ...added].slice(-LINES_MAX);
      return lines.current;
    },
  });
}

const path = (sessionId: number, query: Record<string, string | number | null>) =>
  apiPath(`/api/sessions/${sessionId}/logs`, { limit: PAGE, ...query });

async function readTail(sessionId: number, signal: AbortSignal): Promise<ApiLogLine[]> {
  return (await getJson<ApiPage<ApiLogLine>>(path(sessionId, { tail: 'true' }), signal)).items;
}

/** Everything after a line, page by page; a burst longer than LINES_MAX is cut at its start by the caller. */
async function readAfter(sessionId: number, after: number, signal: AbortSignal): Promise<ApiLogLine[]> {
  const lines: ApiLogLine[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string | number | null> = { after, cursor };
    const page: ApiPage<ApiLogLine> = await getJson(path(sessionId, query), signal);
    lines.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && lines.length < LINES_MAX);
  return lines;
}
