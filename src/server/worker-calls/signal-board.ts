import { randomUUID } from 'node:crypto';
import type { Logger } from '#lib/logger.ts';
import { QUEUE_SIGNALS, type QueueSignal } from '#workers/queue/queue-notifier.ts';
import type { SignalMark } from '#workers/remote/calls/lease-calls.ts';
import { ApiError } from '../api-error.ts';
import type { EventHub } from '../events/event-hub.ts';

/** Calls of one token that may wait at a time: one for each machine that uses it. */
export const WAITING_PER_TOKEN_MAX = 200;

/** A token that is revoked or expired ends what waits with it within this time. */
const TOKEN_CHECK_MS = 2_000;

export interface SignalWait {
  /** Of earlier answers, those of other processes included. */
  marks: readonly SignalMark[];
  waitMs: number;
  /** Null for the admin token. */
  tokenId: number | null;
  /** Aborted when the caller has gone. */
  leaving: AbortSignal;
}

export interface SignalNews {
  /** For the next call. */
  mark: SignalMark;
  signals: QueueSignal[];
}

export interface SignalBoardOptions {
  hub: Pick<EventHub, 'subscribeToSignals'>;
  /** Of these tokens those that are no longer good. */
  findEndedTokens: (tokenIds: readonly number[]) => Promise<number[]>;
  logger: Logger;
}

interface Waiting extends PromiseWithResolvers<SignalNews> {
  tokenId: number | null;
  /** What it has heard already. */
  position: number;
}

/**
 * What this process hears of the queue, for any number of machines that cannot listen themselves: they wait here for what they have
 * not heard. Nothing is kept but when each signal was last told, so a signal told between two calls of a machine is known at the
 * second one, and costs no memory. A waiting call is a promise: it holds no connection to the database.
 */
export class SignalBoard {
  readonly #options: SignalBoardOptions;
  readonly #process = randomUUID();
  readonly #toldAt = new Map<QueueSignal, number>();
  readonly #waiting = new Set<Waiting>();
  #position = 0;
  #isListening = false;
  #isStopped = false;
  #tokenCheck: NodeJS.Timeout | null = null;

  constructor(options: SignalBoardOptions) {
    this.#options = options;
  }

  /** How many calls wait now. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves with what the caller has not heard, at the latest after its time with nothing.
   * @throws ApiError 503 when this process stops, 429 when too many calls of its token wait, 401 when the token ends meanwhile.
   */
  async wait({ marks, waitMs, tokenId, leaving }: SignalWait): Promise<SignalNews> {
    if (this.#isStopped) throw stopping();
    this.#listen();
    const own = marks.find(({ process }) => process === this.#process);
    // Like a listener that has just connected: whatever was told before, it may have missed.
    if (!own) return { mark: this.#mark(), signals: ['ready'] };
    const news = this.#newsSince(own.position);
    if (news.signals.length > 0) return news;
    this.#requirePlace(tokenId);
    return await this.#waitFor({ tokenId, position: own.position }, waitMs, leaving);
  }

  /** Ends all waits, and those that would begin: the framework waits for answers under way before it stops. */
  stop(): void {
    this.#isStopped = true;
    for (const { reject } of this.#waiting) reject(stopping());
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#options.hub.subscribeToSignals((signal) => this.#tell(signal));
  }

  #tell(signal: QueueSignal): void {
    this.#position += 1;
    this.#toldAt.set(signal, this.#position);
    for (const { position, resolve } of this.#waiting) resolve(this.#newsSince(position));
  }

  #mark(): SignalMark {
    return { process: this.#process, position: this.#position };
  }

  #newsSince(position: number): SignalNews {
    return {
      mark: this.#mark(),
      signals: QUEUE_SIGNALS.filter((signal) => (this.#toldAt.get(signal) ?? 0) > position),
    };
  }

  #requirePlace(tokenId: number | null): void {
    const count = [...this.#waiting].filter((waiting) => waiting.tokenId === tokenId).length;
    if (count < WAITING_PER_TOKEN_MAX) return;
    throw new ApiError('too_many_tries', `${count} calls of this token wait for signals already.`, {
      headers: { 'retry-after': '10' },
    });
  }

  async #waitFor(
    who: Pick<Waiting, 'tokenId' | 'position'>,
    waitMs: number,
    leaving: AbortSignal,
  ): Promise<SignalNews> {
    const waiting: Waiting = { ...who, ...Promise.withResolvers<SignalNews>() };
    const end = () => waiting.resolve(this.#newsSince(who.position));
    const timer = setTimeout(end, waitMs);
    leaving.addEventListener('abort', end, { once: true });
    if (leaving.aborted) end();
    this.#waiting.add(waiting);
    this.#tokenCheck ??= setTimeout(() => void this.#checkTokens(), TOKEN_CHECK_MS);
    try {
      return await waiting.promise;
    } finally {
      this.#waiting.delete(waiting);
      clearTimeout(timer);
      leaving.removeEventListener('abort', end);
    }
  }

  /** One question for all that wait, again and again as long as anybody does. */
  async #checkTokens(): Promise<void> {
    const tokenIds = new Set([...this.#waiting].flatMap(({ tokenId }) => tokenId ?? []));
    const ended = new Set(tokenIds.size === 0 ? [] : await this.#findEnded([...tokenIds]));
    for (const { tokenId, reject } of this.#waiting) if (tokenId !== null && ended.has(tokenId)) reject(tokenEnded());
    const isOver = this.#waiting.size === 0 || this.#isStopped;
    this.#tokenCheck = isOver ? null : setTimeout(() => void this.#checkTokens(), TOKEN_CHECK_MS);
  }

  async #findEnded(tokenIds: readonly number[]): Promise<number[]> {
    try {
      return await this.#options.findEndedTokens(tokenIds);
    } catch (error) {
      // The database is away: the next look is soon, and a call waits for seconds at most.
      this.#options.logger.debug({ err: error }, 'The tokens of waiting machines cannot be looked at');
      return [];
    }
  }
}

function tokenEnded(): ApiError {
  return new ApiError('not_signed_in', 'The token was revoked, or has expired.');
}

/** The connection ends with it, so that nothing more is asked on it. */
function stopping(): ApiError {
  return new ApiError('stopping', 'This server stops. Ask again in a few seconds.', {
    headers: { connection: 'close', 'retry-after': '2' },
  });
}
