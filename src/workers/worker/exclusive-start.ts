import type { AppError } from '#lib/errors.ts';
import type { ActiveSession } from './active-session.ts';

/**
 * What else is in the process. 'busy': other sessions, or claims that could not be given back yet. 'unclean': only the rest of a
 * scraper that ignores its signal, which may go on for ever.
 */
export type Company = 'none' | 'busy' | 'unclean';

export interface ExclusiveStartPorts {
  company: () => Company;
  /** Hands the other sessions back. */
  makeRoom: (forWhom: ActiveSession) => void;
  /** Only another process can run the session alone. */
  onUnclean: () => void;
}

/** Others get this long to finish by themselves, and never more than this share of the time limit that already runs. */
const PATIENCE_MS = 30_000;
const PATIENCE_SHARE = 1 / 4;

/**
 * Lets a session start when it is alone in its process. It is not given to another worker instead: in a cluster that is always full
 * none would ever be free for it. So its worker claims nothing more, waits a moment for what runs, and hands back what still does.
 */
export class ExclusiveStart {
  readonly #ports: ExclusiveStartPorts;
  #waiting: { session: ActiveSession; start: () => void } | null = null;

  constructor(ports: ExclusiveStartPorts) {
    this.#ports = ports;
  }

  /** Resolves when the session is alone. @throws the reason of its abort. */
  async wait(session: ActiveSession): Promise<void> {
    const { signal } = session;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => this.#ports.makeRoom(session), patienceMs(session));
    this.#waiting = { session, start: resolve };
    try {
      this.look();
      await promise;
    } finally {
      this.#waiting = null;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Call it whenever something of the worker has ended. */
  look(): void {
    if (!this.#waiting) return;
    const company = this.#ports.company();
    if (company === 'none') this.#waiting.start();
    else if (company === 'unclean') this.#ports.onUnclean();
  }

  /** Aborts the session that waits, if one does. */
  abort(reason: AppError): void {
    this.#waiting?.session.abort(reason);
  }
}

function patienceMs({ limitMs }: ActiveSession): number {
  return Math.min(PATIENCE_MS, limitMs * PATIENCE_SHARE);
}
