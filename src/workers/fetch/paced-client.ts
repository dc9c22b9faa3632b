import type { FetchSession } from './fetch-session.ts';
import { hostKeyOf } from './host-key.ts';
import type { HostPacer } from './host-pacer.ts';
import type { HttpClient } from './http-client.ts';
import type { HttpOutcome } from './http-outcome.ts';
import type { Hop } from './redirect-policy.ts';

export interface PacedRequest extends Hop {
  gapMs: number;
  timeoutMs: number;
}

/** Sends requests in their host's pace. Pages and robots.txt both go this way, so nothing is ever sent beside it. */
export class PacedClient {
  readonly #pacer: HostPacer;
  readonly #client: HttpClient;

  constructor(pacer: HostPacer, client: HttpClient) {
    this.#pacer = pacer;
    this.#client = client;
  }

  /**
   * Waits for the slot, sends, counts, and gives the slot back. Throws what HostPacer.reserve and HttpClient.send throw.
   * @param onOutcome runs while the slot is still held: a back-off set there is in force before anybody gets the next slot.
   */
  async send(
    request: PacedRequest,
    session: FetchSession,
    onOutcome?: (outcome: HttpOutcome) => Promise<void>,
  ): Promise<HttpOutcome> {
    const { url, method, headers, body, gapMs, timeoutMs } = request;
    const { workerId, sessionId, signal, stats } = session;
    const slot = await this.#pacer.reserve({ hostKey: hostKeyOf(url), workerId, sessionId, gapMs, timeoutMs }, signal);
    stats.requestsMade += 1;
    let served = false;
    try {
      const outcome = await this.#client.send(
        { url, method, headers, timeoutMs, onAnswer: slot.noteAnswer, ...(body === null ? {} : { body }) },
        signal,
      );
      served = outcome.kind === 'response' && outcome.status < 500 && outcome.status !== 429;
      stats.bytesReceived += outcome.wireBytes;
      logRequest(session, request, outcome);
      await onOutcome?.(outcome);
      return outcome;
    } finally {
      if (!served) stats.requestsFailed += 1;
      await slot.release(served);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function logRequest(session: FetchSession, request: PacedRequest, outcome: HttpOutcome): void {
  const result = outcome.kind === 'response' ? String(outcome.status) : outcome.failure;
  session.log('debug', `${request.method} ${request.url.href} ${result}`, {
    url: request.url.href,
    result,
    durationMs: Math.round(outcome.durationMs),
    wireBytes: outcome.wireBytes,
    ...(outcome.kind === 'failed' ? { reason: outcome.message } : {}),
  });
}
