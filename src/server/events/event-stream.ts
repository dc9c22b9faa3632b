import type { EkoEvent } from '#workers/events.ts';
import type { DatabaseState, EventHub, HubMessage } from './event-hub.ts';

const HEARTBEAT_MS = 15_000;
/** Browsers come back after this; long enough to spare a server that restarts. */
const RECONNECT_MS = 2_000;
/** A stream ends after this and the browser opens the next, which checks again who is asking. */
const LIFETIME_MS = 15 * 60_000;
/** More than this unread means that nobody reads; the stream ends instead of filling the memory. */
const UNREAD_BYTES_MAX = 64 * 1024;

type StreamHub = Pick<EventHub, 'databaseState' | 'subscribe' | 'ending'>;

export interface EventStreamOptions {
  /** Passes on what concerns the stream; everything unless given. */
  narrow?: (event: EkoEvent) => EkoEvent | null;
  heartbeatMs?: number;
}

/** Compression and proxies would hold small events back: no-transform and X-Accel-Buffering keep both from it. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  // A server that stops would wait for a connection that is kept for the next request.
  connection: 'close',
};

/**
 * Answers with server-sent events. "change" carries {topics, sessionIds?}: what to fetch again, never rows. "database"
 * carries {database: "ok" | "unavailable"}: while it is away, changes cannot be heard. A comment every 15 s keeps the
 * connection alive. Ends with the request, with a reader that leaves or does not read, with the process, and after 15 minutes.
 */
export function respondEventStream(request: Request, hub: StreamHub, options: EventStreamOptions = {}): Response {
  const ended = new AbortController();
  const end = () => ended.abort();
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => openStream(controller, ended, hub, options),
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_BYTES_MAX }),
  );
  for (const over of [request.signal, hub.ending]) {
    if (over.aborted) end();
    over.addEventListener('abort', end, { once: true, signal: ended.signal });
  }
  return new Response(body, { headers: HEADERS });
}

function openStream(
  controller: ReadableStreamDefaultController<Uint8Array>,
  ended: AbortController,
  hub: StreamHub,
  options: EventStreamOptions,
): void {
  const encoder = new TextEncoder();
  const send = (text: string) => {
    if (text === '' || ended.signal.aborted) return;
    if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(text));
    else ended.abort();
  };
  const heartbeat = setInterval(() => send(':\n\n'), options.heartbeatMs ?? HEARTBEAT_MS);
  const lifetime = setTimeout(() => ended.abort(), LIFETIME_MS);
  const unsubscribe = hub.subscribe((message) => send(toEvent(message, options.narrow)));
  ended.signal.addEventListener('abort', () => {
    clearInterval(heartbeat);
    clearTimeout(lifetime);
    unsubscribe();
    closeQuietly(controller);
  });
  send(`retry: ${RECONNECT_MS}\n\n`);
  if (hub.databaseState) send(databaseEvent(hub.databaseState));
}

/** A stream that its reader cancelled is closed already, which there is no way to ask. */
function closeQuietly(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // Closed already, which is what was wanted.
  }
}

function toEvent(message: HubMessage, narrow: EventStreamOptions['narrow']): string {
  if (message.kind === 'database') return databaseEvent(message.state);
  const event = narrow ? narrow(message.event) : message.event;
  return event ? formatEvent('change', event) : '';
}

function databaseEvent(state: DatabaseState): string {
  return formatEvent('database', { database: state });
}

function formatEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
