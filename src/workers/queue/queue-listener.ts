import { createListener, type DbListener } from '#lib/db/create-listener.ts';
import { QUEUE_CHANNEL, QUEUE_SIGNALS, type QueueSignal } from './queue-notifier.ts';

export interface QueueListenerOptions {
  /** A direct connection: through a transaction-mode pooler no notification arrives, and polling does the work. */
  connectionString: string;
  /** Called for each signal, and with 'ready' after each (re)connect, since some may have been missed. */
  onSignal: (signal: QueueSignal) => void;
  /** Told of each lost connection; it is made anew by itself. */
  onDisconnect?: (error: Error) => void;
}

/** The one LISTEN connection of a manager. Never throws; a database that is away only means that nothing is heard. */
export function listenToQueue(options: QueueListenerOptions): DbListener {
  return createListener({
    connectionString: options.connectionString,
    applicationName: 'eko-queue-listener',
    channels: [QUEUE_CHANNEL],
    onConnect: () => options.onSignal('ready'),
    onNotification: (_channel, payload) => {
      const signal = QUEUE_SIGNALS.find((known) => known === payload);
      if (signal) options.onSignal(signal);
    },
    onDisconnect: options.onDisconnect,
    // Told like a loss: the manager looks by itself either way.
    onDeaf: options.onDisconnect,
  });
}
