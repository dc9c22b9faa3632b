import type { ApiChange } from '#lib/api/answer.ts';

/** `open`: changes are heard as they happen. */
export type StreamState = 'connecting' | 'open';

/** What tabs tell each other: a change to pass on, or how the one shared connection is doing. */
type TabMessage = { kind: 'change'; change: ApiChange } | { kind: 'state'; state: StreamState } | { kind: 'ask' };

export interface LiveStreamHandlers {
  onChange: (change: ApiChange) => void;
  onState: (state: StreamState) => void;
}

const CHANNEL = 'eko-live';

/**
 * Follows GET /api/events with one connection per browser, not per tab: browsers allow about six connections to one
 * host over HTTP/1.1, so a seventh tab would hang. The tab that holds the lock connects and tells the others; when it
 * closes, the next tab gets the lock. Without Web Locks every tab connects by itself.
 * @returns a function that stops following.
 */
export function followLiveStream(handlers: LiveStreamHandlers): () => void {
  if (!('locks' in navigator) || !('BroadcastChannel' in window)) return openStream(handlers);
  const channel = new BroadcastChannel(CHANNEL);
  const stopped = new AbortController();
  let state: StreamState = 'connecting';
  let leading = false;
  const send = (message: TabMessage) => channel.postMessage(message);

  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if (data.kind === 'change') handlers.onChange(data.change);
    if (data.kind === 'state') handlers.onState(data.state);
    if (data.kind === 'ask' && leading) send({ kind: 'state', state });
  };
  send({ kind: 'ask' });

  const lead = () => {
    leading = true;
    const close = openStream({
      onChange: (change) => {
        handlers.onChange(change);
        send({ kind: 'change', change });
      },
      onState: (next) => {
        state = next;
        handlers.onState(next);
        send({ kind: 'state', state: next });
      },
    });
    return new Promise<void>((resolve) => {
      stopped.signal.addEventListener('abort', () => {
        close();
        resolve();
      });
    });
  };
  // Rejected only by our own abort while still waiting for the lock.
  navigator.locks.request(CHANNEL, { signal: stopped.signal }, lead).catch(() => undefined);
  return () => {
    stopped.abort();
    channel.close();
  };
}

/** EventSource reconnects by itself, except after an HTTP error; then we try again after `REOPEN_MS`. */
const REOPEN_MS = 3000;

function openStream({ onChange, onState }: LiveStreamHandlers): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource('/api/events');
    source.onopen = () => onState('open');
    source.onerror = () => {
      onState('connecting');
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(open, REOPEN_MS);
    };
    const receive = (event: MessageEvent<string>) => {
      const change = parseChange(event.data);
      if (change !== null) onChange(change);
    };
    source.addEventListener('change', receive);
    // Connected to the server is not live while the server itself hears of no changes.
    source.addEventListener('database', (event: MessageEvent<string>) =>
      onState(event.data.includes('"unavailable"') ? 'connecting' : 'open'),
    );
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** @returns null for anything that is not a change, such as a greeting. */
export function parseChange(data: string): ApiChange | null {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== 'object' || value === null || !('topics' in value) || !Array.isArray(value.topics))
      return null;
    return value as ApiChange;
  } catch {
    return null;
  }
}
