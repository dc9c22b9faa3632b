import { setMaxListeners } from 'node:events';
import { createListener, type DbListener } from '#lib/db/create-listener.ts';
import type { Logger } from '#lib/logger.ts';
import { type EkoEvent, EVENT_TOPICS, EVENTS_CHANNEL, parseEvent } from '#workers/events.ts';
import { parseSignal, QUEUE_CHANNEL, type QueueSignal } from '#workers/queue/queue-notifier.ts';

export type DatabaseState = 'ok' | 'unavailable';

/** What a stream hears of: something to fetch again, or that the database went away or came back. */
export type HubMessage = { kind: 'change'; event: EkoEvent } | { kind: 'database'; state: DatabaseState };

export interface EventHub {
  /** Whether announcements can be heard right now; null before the first connection was tried. */
  readonly databaseState: DatabaseState | null;
  /** The listening connection is opened with the first subscriber and then kept. @returns a function that ends it. */
  subscribe(onMessage: (message: HubMessage) => void): () => void;
  /** Signals of the queue, over the same connection, and 'ready' whenever some may have been missed. @returns as above. */
  subscribeToSignals(onSignal: (signal: QueueSignal) => void): () => void;
  /** Aborted when this process is told to stop. */
  readonly ending: AbortSignal;
  /** Ends all streams. */
  end(): void;
  close(): Promise<void>;
}

/** Fans the announcements of one listening connection out to any number of streams of this process, and the queue's signals. */
export function createEventHub(connectionString: string, logger: Logger): EventHub {
  const subscribers = new Set<(message: HubMessage) => void>();
  const signalSubscribers = new Set<(signal: QueueSignal) => void>();
  const ending = new AbortController();
  // Each stream listens to it.
  setMaxListeners(0, ending.signal);
  let listener: DbListener | null = null;
  let databaseState: DatabaseState | null = null;
  let saidDeaf = false;
  const send = (message: HubMessage) => {
    for (const onMessage of subscribers) onMessage(message);
  };
  const sendSignal = (signal: QueueSignal | null) => {
    if (signal) for (const onSignal of signalSubscribers) onSignal(signal);
  };
  const changeState = (state: DatabaseState) => {
    if (state === databaseState) return;
    databaseState = state;
    send({ kind: 'database', state });
  };
  const open = () =>
    createListener({
      connectionString,
      applicationName: 'eko-web-events',
      channels: [EVENTS_CHANNEL, QUEUE_CHANNEL],
      onNotification: (channel, payload) => {
        if (channel === QUEUE_CHANNEL) return sendSignal(parseSignal(payload));
        const event = parseEvent(payload);
        if (event) send({ kind: 'change', event });
      },
      onConnect: () => {
        changeState('ok');
        // Whatever was announced while nobody listened is unknown, so everything is to be fetched again.
        send({ kind: 'change', event: { topics: [...EVENT_TOPICS] } });
        sendSignal('ready');
      },
      onDisconnect: (error) => {
        if (databaseState !== 'unavailable')
          logger.warn({ err: error }, 'The events connection is down; it is opened again');
        changeState('unavailable');
      },
      // The database is there; pages are told to look again whenever the connection is tried anew.
      onDeaf: (error) => {
        if (!saidDeaf) logger.warn({ err: error }, 'No events are heard; open pages are refreshed every 20 s instead');
        saidDeaf = true;
      },
    });

  const add = <Subscriber>(to: Set<Subscriber>, subscriber: Subscriber) => {
    to.add(subscriber);
    listener ??= open();
    return () => void to.delete(subscriber);
  };

  return {
    get databaseState() {
      return databaseState;
    },
    subscribe: (onMessage) => add(subscribers, onMessage),
    subscribeToSignals: (onSignal) => add(signalSubscribers, onSignal),
    ending: ending.signal,
    end: () => ending.abort(),
    async close() {
      subscribers.clear();
      signalSubscribers.clear();
      await listener?.close();
    },
  };
}
