import { createListener, type DbListener } from '#lib/db/create-listener.ts';
import type { Logger } from '#lib/logger.ts';
import { type EkoEvent, EVENT_TOPICS, EVENTS_CHANNEL, parseEvent } from '#workers/events.ts';

export type DatabaseState = 'ok' | 'unavailable';

/** What a stream hears of: something to fetch again, or that the database went away or came back. */
export type HubMessage = { kind: 'change'; event: EkoEvent } | { kind: 'database'; state: DatabaseState };

export interface EventHub {
  /** Whether announcements can be heard right now; null before the first connection was tried. */
  readonly databaseState: DatabaseState | null;
  /** The listening connection is opened with the first subscriber and then kept. @returns a function that ends it. */
  subscribe(onMessage: (message: HubMessage) => void): () => void;
  close(): Promise<void>;
}

/** Fans the announcements of one listening connection out to any number of streams of this process. */
export function createEventHub(connectionString: string, logger: Logger): EventHub {
  const subscribers = new Set<(message: HubMessage) => void>();
  let listener: DbListener | null = null;
  let databaseState: DatabaseState | null = null;
  let saidDeaf = false;
  const send = (message: HubMessage) => {
    for (const onMessage of subscribers) onMessage(message);
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
      channels: [EVENTS_CHANNEL],
      onNotification: (_channel, payload) => {
        const event = parseEvent(payload);
        if (event) send({ kind: 'change', event });
      },
      onConnect: () => {
        changeState('ok');
        // Whatever was announced while nobody listened is unknown, so everything is to be fetched again.
        send({ kind: 'change', event: { topics: [...EVENT_TOPICS] } });
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

  return {
    get databaseState() {
      return databaseState;
    },
    subscribe(onMessage) {
      subscribers.add(onMessage);
      listener ??= open();
      return () => subscribers.delete(onMessage);
    },
    async close() {
      subscribers.clear();
      await listener?.close();
    },
  };
}
