import { createResponse } from 'better-sse';
import type { EkoEvent } from '#workers/events.ts';
import type { DatabaseState, EventHub, HubMessage } from './event-hub.ts';

const HEARTBEAT_MS = 15_000;
/** Browsers come back after this; long enough to spare a server that restarts. */
const RECONNECT_MS = 2_000;
/** A stream ends after this and the browser opens the next, which checks again who is asking. */
const LIFETIME_MS = 15 * 60_000;

export interface EventStreamOptions {
  /** Passes on what concerns the stream; everything unless given. */
  narrow?: (event: EkoEvent) => EkoEvent | null;
  heartbeatMs?: number;
}

/**
 * Answers with server-sent events. "change" carries {topics, sessionIds?}: what to fetch again, never rows. "database"
 * carries {database: "ok" | "unavailable"}: while it is away, changes cannot be heard. The client library's headers
 * (no-transform, X-Accel-Buffering) keep compression and proxies from holding lines back.
 */
export function respondEventStream(request: Request, hub: EventHub, options: EventStreamOptions = {}): Response {
  const sse = { keepAlive: options.heartbeatMs ?? HEARTBEAT_MS, retry: RECONNECT_MS, headers: STREAM_HEADERS };
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), LIFETIME_MS);
  timer.unref();
  const response = createResponse(asConnection(request), sse, (session) => {
    const unsubscribe = hub.subscribe((message) => {
      const data = toData(message, options.narrow);
      if (data) session.push(data, message.kind);
    });
    session.once('disconnected', () => {
      clearTimeout(timer);
      unsubscribe();
    });
    if (hub.databaseState) session.push(databaseData(hub.databaseState), 'database');
  });
  return endWith(response, ended.signal);
}

const STREAM_HEADERS = {
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

/** Only what the library reads: the framework's own request class is a different one from the global. */
function asConnection(request: Request): Request {
  return new Request(request.url, { headers: request.headers, signal: request.signal });
}

function toData(message: HubMessage, narrow: EventStreamOptions['narrow']): unknown {
  if (message.kind === 'database') return databaseData(message.state);
  return narrow ? narrow(message.event) : message.event;
}

function databaseData(state: DatabaseState) {
  return { database: state };
}

/** The same answer, whose body ends when the signal is aborted. */
function endWith(response: Response, signal: AbortSignal): Response {
  if (!response.body) return response;
  const passing = new TransformStream();
  response.body.pipeTo(passing.writable, { signal }).catch(() => {
    // Aborted by us, or the reader left; both end the stream, which is all there is to do.
  });
  return new Response(passing.readable, { status: response.status, headers: response.headers });
}
