/** What a request wants of its host's pace. */
export interface SlotRequest {
  hostKey: string;
  workerId: string;
  sessionId: number | null;
  /** Smallest gap in ms to the previous request on this host that the source promises. */
  floorMs: number;
  /** The Crawl-delay of the host's robots.txt in ms; 0 for none. */
  robotsMs: number;
  /** Requests that the host may have under way at once, over all workers. */
  maxInflight: number;
  /** Longest time in ms the request itself can take; the slot of a dead worker expires a little later. */
  timeoutMs: number;
}

/**
 * What a request has taught us about its host.
 * - `served`: it answered, and did not ask for less.
 * - `neutral`: nothing was learnt: the proxy failed before the host was reached, or the request was given up.
 * - `error`: a server error, a reset, a time-out.
 * - `throttled`: it asks for less (429, 503 with Retry-After); reportBackoff was called before.
 * - `refused`: it answered, but does not want us (403, a block page).
 */
export type SlotResult =
  | { kind: 'served' }
  | { kind: 'neutral' }
  | { kind: 'error'; error: string }
  | { kind: 'throttled'; error: string }
  | { kind: 'refused'; error: string };

/** The right to send one request now. Must be given back. */
export interface HostSlot {
  /** Notes the moment the response's headers arrived; the next slot opens a gap after it, or after the release. */
  noteAnswer(): void;
  /** Gives the slot back; never throws. When the store cannot be reached, the slot expires by itself. */
  release(result: SlotResult): Promise<void>;
}

/**
 * Keeps the promise that a host never sees two requests closer than the gap in force, nor more than `maxInflight` at once, from
 * all that share the same store. The gap in force is the largest of what the source promises, what robots.txt asks for, and
 * what the host's errors have made of it; it counts from the answer to the request before.
 */
export interface HostPacer {
  /**
   * Waits for the host's next slot; on return the request may be sent at once.
   * @throws HostNotReadyError with `hostKey` and `reason` in its context when the wait would be longer than about 15 s, the
   *   signal's reason, or the error of a database that is away, which is safe to repeat.
   */
  reserve(request: SlotRequest, signal: AbortSignal): Promise<HostSlot>;
  /** The host asked for less; null when it did not say for how long. Gives the ms for which it is left alone. */
  reportBackoff(hostKey: string, retryAfterMs: number | null): Promise<number>;
  /** Nobody asks the host for this time. */
  pause(hostKey: string, pauseMs: number, reason: string): Promise<void>;
}

/** Longest wait in a worker; whoever must wait longer lets other work run. */
export const WAIT_MAX_MS = 15_000;

/** A slot is kept this much longer than its request can take; half of it is for a request that goes out late. */
export const SLOT_GRACE_MS = 5_000;
