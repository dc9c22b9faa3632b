import type { Executor } from '#lib/db/create-db.ts';

/** The one channel of the queue; managers listen on it. */
export const QUEUE_CHANNEL = 'eko_queue';

/**
 * 'ready': something may be claimed. 'cancel': a running session shall stop, so beat now instead of at the next interval.
 * 'order': what people want of a machine has changed.
 */
export const QUEUE_SIGNALS = ['ready', 'cancel', 'order'] as const;
export type QueueSignal = (typeof QUEUE_SIGNALS)[number];

/** Null for what another release may say, or anybody who may connect. */
export function parseSignal(payload: string): QueueSignal | null {
  return QUEUE_SIGNALS.find((known) => known === payload) ?? null;
}

/** A NOTIFY per commit costs group commit (measured: −63 % at 32 clients); 20 a second per process cost nothing. */
const MIN_GAP_MS = 50;

/**
 * Wakes the managers. Sent in a statement of its own after the commit, since a full notification queue fails the commit
 * that carries it. The first signal goes out at once, further ones together 50 ms later; a failure is only told to
 * `onError`, because polling finds the work anyway.
 */
export class QueueNotifier {
  readonly #db: Executor;
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Map<QueueSignal, NodeJS.Timeout>();
  readonly #again = new Set<QueueSignal>();

  constructor(db: Executor, onError: (error: unknown) => void = () => {}) {
    this.#db = db;
    this.#onError = onError;
  }

  notify(signal: QueueSignal): void {
    if (this.#timers.has(signal)) {
      this.#again.add(signal);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(signal);
      if (this.#again.delete(signal)) this.notify(signal);
    }, MIN_GAP_MS);
    this.#timers.set(signal, timer);
    void this.#send(signal);
  }

  async #send(signal: QueueSignal): Promise<void> {
    try {
      await this.#db.query('select pg_notify($1, $2)', [QUEUE_CHANNEL, signal]);
    } catch (error) {
      this.#onError(error);
      // A full queue stays full after its blocker has left until somebody asks for its usage.
      await this.#db.query('select pg_notification_queue_usage()').catch(() => {});
    }
  }
}
