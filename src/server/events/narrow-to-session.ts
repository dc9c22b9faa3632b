import type { EkoEvent } from '#workers/events.ts';

/** What of an announcement concerns one session; null for nothing. An announcement without ids may concern any. */
export function narrowToSession(event: EkoEvent, sessionId: number): EkoEvent | null {
  if (event.sessionIds && !event.sessionIds.includes(sessionId)) return null;
  const topics = event.topics.filter((topic) => topic === 'sessions' || topic === 'leads');
  return topics.length === 0 ? null : { topics, sessionIds: [sessionId] };
}
