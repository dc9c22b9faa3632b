const WINDOW_MS = 15 * 60_000;
const FAILURES_PER_CLIENT = 20;
/** Clients can claim any address by a header, so all of them together are limited too. */
const FAILURES_IN_TOTAL = 200;
const CLIENTS_MAX = 10_000;

interface Failures {
  count: number;
  sinceMs: number;
}

/** Counts failed sign-ins per client and over all, for 15 minutes each. In memory: there is one web process. */
export class SignInLimiter {
  readonly #clients = new Map<string, Failures>();
  #total: Failures = { count: 0, sinceMs: 0 };

  /** How long this client has to wait before its next try, in ms; 0 when it may try. */
  waitMs(client: string, nowMs = Date.now()): number {
    const own = this.#clients.get(client);
    const ownWait = own && own.count >= FAILURES_PER_CLIENT ? own.sinceMs + WINDOW_MS - nowMs : 0;
    const totalWait = this.#total.count >= FAILURES_IN_TOTAL ? this.#total.sinceMs + WINDOW_MS - nowMs : 0;
    return Math.max(0, ownWait, totalWait);
  }

  noteFailure(client: string, nowMs = Date.now()): void {
    if (this.#clients.size >= CLIENTS_MAX) this.#clients.clear();
    this.#clients.set(client, counted(this.#clients.get(client), nowMs));
    this.#total = counted(this.#total, nowMs);
  }
}

function counted(failures: Failures | undefined, nowMs: number): Failures {
  const current = failures && nowMs - failures.sinceMs < WINDOW_MS ? failures : { count: 0, sinceMs: nowMs };
  return { count: current.count + 1, sinceMs: current.sinceMs };
}
