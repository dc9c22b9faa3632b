import { setTimeout as wait } from 'node:timers/promises';
import { jitteredBackoffMs } from '#lib/backoff.ts';
import type { SignalHandlers } from '../queue/queue-listener.ts';
import { QUEUE_SIGNALS } from '../queue/queue-notifier.ts';
import { SIGNAL_MARKS_MAX, type SignalMark } from './calls/lease-calls.ts';
import { CallUnknownError, type ServerClient } from './server-client.ts';

/**
 * How long a call waits at most; up to a quarter less, so that many machines do not ask together. Reverse proxies wait 30 s and more
 * for an answer, and our client 20 s for its first byte.
 */
const WAIT_MS = 15_000;

/** For the client of the calls that wait: who says nothing until then is gone. */
export const SIGNAL_TIMEOUT_MS = WAIT_MS + 4_000;

/** Between an answer and the next call. What is told meanwhile is answered with that, all at once. */
const GAP_MS = 50;
/** The same while there is news all the time, or an answer to every call for whatever reason. */
const GAP_CAP_MS = 500;
/** News after this time is no longer "all the time". */
const CALM_MS = 1_000;

const RECONNECT_BASE_MS = 200;
const RECONNECT_CAP_MS = 10_000;
/** A server of an older release is replaced some day. */
const OLD_SERVER_MS = 60_000;

export interface RemoteListenerOptions {
  /** Default 15 s; the client's own time must be longer. */
  waitMs?: number;
}

/**
 * How a manager without a database hears of the queue: one call after another that the server answers when there is news. Never
 * throws. A server that is away, silent or too old only means that nothing is heard, which is told once, until it is heard again.
 * @returns what ends it at once; `client` is closed with it.
 */
export function listenThroughServer(
  client: ServerClient,
  handlers: SignalHandlers,
  options: RemoteListenerOptions = {},
): { close(): Promise<void> } {
  const closing = new AbortController();
  const running = listen(client, handlers, options.waitMs ?? WAIT_MS, closing.signal);
  return {
    async close() {
      closing.abort();
      await client.close();
      await running;
    },
  };
}

async function listen(
  client: ServerClient,
  handlers: SignalHandlers,
  waitMs: number,
  closing: AbortSignal,
): Promise<void> {
  // Rejects when it is aborted, which the loop's condition sees.
  const pause = (ms: number) => wait(spread(ms), undefined, { signal: closing }).catch(() => {});
  let marks: SignalMark[] = [];
  let failures = 0;
  let gapMs = GAP_MS;
  while (!closing.aborted) {
    const askedAtMs = performance.now();
    const heard = await client
      .call('awaitSignals', { marks, waitMs: Math.round(spread(waitMs)) })
      .catch((error: Error) => error);
    if (closing.aborted) return;
    if (heard instanceof Error) {
      failures += 1;
      if (failures === 1) handlers.onDisconnect?.(heard);
      await pause(retryDelayMs(heard, failures));
      continue;
    }
    failures = 0;
    marks = [heard.mark, ...marks.filter(({ process }) => process !== heard.mark.process)].slice(0, SIGNAL_MARKS_MAX);
    for (const signal of QUEUE_SIGNALS) if (heard.signals.includes(signal)) handlers.onSignal(signal);
    const isCalm = performance.now() - askedAtMs > Math.min(CALM_MS, waitMs / 2);
    gapMs = isCalm ? GAP_MS : Math.min(GAP_CAP_MS, gapMs * 2);
    await pause(gapMs);
  }
}

function retryDelayMs(error: Error, failures: number): number {
  if (error instanceof CallUnknownError) return OLD_SERVER_MS;
  return GAP_MS + jitteredBackoffMs(failures + 1, RECONNECT_BASE_MS, RECONNECT_CAP_MS);
}

/** Up to a quarter less. */
function spread(ms: number): number {
  return ms * (1 - Math.random() / 4);
}
