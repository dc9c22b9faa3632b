import { type AppError, SessionTimeoutError } from '#lib/errors.ts';
import type { RequestStats } from '#lib/scrapers/scraper-context.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import { mustRunAlone } from '../queue/retry-policy.ts';

/** A claimed session while this worker runs it: its signal, its clock, its counters. */
export class ActiveSession {
  readonly claimed: ClaimedSession;
  readonly stats: RequestStats = { requestsMade: 0, requestsFailed: 0, bytesReceived: 0 };
  readonly startedAtMs = performance.now();
  readonly limitMs: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #abortReason: AppError | null = null;
  #hasSaved = false;
  /** The host that was asked last, or that the session waits for; unknown before its first request. */
  lastHostKey: string | undefined;

  constructor(claimed: ClaimedSession) {
    this.claimed = claimed;
    // Both times are the database's, so their difference holds whatever this machine's clock says.
    this.limitMs = claimed.timeoutAt.getTime() - claimed.startedAt.getTime();
    this.#timer = setTimeout(() => this.abort(timeoutError(claimed, this.limitMs)), this.limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the session was aborted; null while it was not. */
  get abortReason(): AppError | null {
    return this.#abortReason;
  }

  /** Nothing else may run in this process. */
  get mustRunAlone(): boolean {
    return !this.#hasSaved && mustRunAlone(this.claimed);
  }

  /** A checkpoint of it is in the database, which has cleared its deaths. */
  noteSaved(): void {
    this.#hasSaved = true;
  }

  /** The first reason counts, except that a lost claim always does: after it nothing may be written. */
  abort(reason: AppError): void {
    if (this.#abortReason && reason.disposition !== 'lost') return;
    this.#abortReason = reason;
    this.#controller.abort(reason);
  }

  durationMs(): number {
    return Math.round(performance.now() - this.startedAtMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

export function timeoutError(claimed: ClaimedSession, limitMs: number): SessionTimeoutError {
  return new SessionTimeoutError(`The session ran longer than its limit of ${Math.round(limitMs / 1_000)} s`, {
    context: { sessionId: claimed.id, limitMs },
  });
}
