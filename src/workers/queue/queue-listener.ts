import { createListener, type DbListener } from '#lib/db/create-listener.ts';
import { parseSignal, QUEUE_CHANNEL, type QueueSignal } from './queue-notifier.ts';

/** What is done with what is told of the queue. */
export interface SignalHandlers {
  /** Called for each signal, and with 'ready' after each (re)connect, since some may have been missed. */
  onSignal: (signal: QueueSignal) => void;
  /** Told of a lost connection, and maybe of tries that failed since; it is made anew by itself. */
  onDisconnect?: (error: Error) => void;
}

/** How a manager hears of the queue, from the call until it closes what is returned. Never throws: where nothing is heard it looks. */
export type ListenToQueue = (handlers: SignalHandlers) => { close(): Promise<void> };

export interface QueueListenerOptions extends SignalHandlers {
  /** A direct connection: through a transaction-mode pooler no notification arrives, and polling does the work. */
  connectionString: string;
}

/** The one LISTEN connection of a manager that has the database; one that is away only means that nothing is heard. */
export function listenToQueue(options: QueueListenerOptions): DbListener {
  return createListener({
    connectionString: options.connectionString,
    applicationName: 'eko-queue-listener',
    channels: [QUEUE_CHANNEL],
    onConnect: () => options.onSignal('ready'),
    onNotification: (_channel, payload) => {
      const signal = parseSignal(payload);
      if (signal) options.onSignal(signal);
    },
    onDisconnect: options.onDisconnect,
    // Told like a loss: the manager looks by itself either way.
    onDeaf: options.onDisconnect,
  });
}
