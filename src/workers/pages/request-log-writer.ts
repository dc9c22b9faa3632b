import { SMOOTH_VERDICTS } from '#lib/sessions/smooth-verdicts.ts';
import { BatchWriter } from '../batch-writer.ts';
import type { JournalRequest, SessionJournal } from '../logs/session-journal.ts';
import { storableText } from '../worker/stored-error.ts';
import { shownUrl } from './shown-url.ts';

/** One request of a session and what came of it. */
export type SessionRequest = Omit<JournalRequest, 'ageMs'>;

type BufferedRequest = SessionRequest & { loggedAtMs: number };

export interface RequestLogWriterOptions {
  journal: Pick<SessionJournal, 'addRequests'>;
  /** Told of each that is refused for good, which is then dropped. */
  onRefused?: (error: unknown) => void;
  flushMs?: number;
  /** Requests kept while the database is away; later ones are dropped and counted. */
  rowsMax?: number;
  /** Requests of one attempt that are listed; of later ones only the problems are, up to as many again. */
  perAttemptMax?: number;
}

/** Attempts whose requests are counted: far more than one worker runs at once. */
const ATTEMPTS_MAX = 200;

/**
 * Lists what sessions ask, in batches and soon; never fails and never blocks a session (see BatchWriter). Addresses are kept
 * without what is secret in them. What is left out is said in a row of its own, whose verdict is `note`.
 */
export class RequestLogWriter {
  readonly #batches: BatchWriter<BufferedRequest>;
  readonly #perAttemptMax: number;
  /** How many are listed, by attempt; the one that asked last is at the end. */
  readonly #listed = new Map<string, number>();

  constructor({ journal, onRefused, flushMs = 500, rowsMax = 2_000, perAttemptMax = 5_000 }: RequestLogWriterOptions) {
    this.#perAttemptMax = perAttemptMax;
    this.#batches = new BatchWriter({
      flushMs,
      rowsMax,
      onRefused,
      insert: (batch, dropped) =>
        journal.addRequests((dropped > 0 ? [...batch, ...droppedNote(batch, dropped)] : batch).map(toJournal)),
    });
  }

  /** Requests that were dropped because the database was away. */
  get droppedCount(): number {
    return this.#batches.droppedCount;
  }

  write(request: SessionRequest): void {
    const listed = this.#listedOf(request);
    const mayList = listed < this.#perAttemptMax || (isProblem(request) && listed < this.#perAttemptMax * 2);
    if (!mayList) return;
    this.#batches.write(toBuffered(request));
    this.#remember(request, listed + 1);
    if (listed + 1 === this.#perAttemptMax) this.#batches.write(limitNote(request, this.#perAttemptMax));
  }

  flush(): Promise<void> {
    return this.#batches.flush();
  }

  /** A last try, at most `timeoutMs` long. */
  close(timeoutMs?: number): Promise<void> {
    return this.#batches.close(timeoutMs);
  }

  #listedOf(request: SessionRequest): number {
    return this.#listed.get(attemptOf(request)) ?? 0;
  }

  #remember(request: SessionRequest, listed: number): void {
    const attempt = attemptOf(request);
    this.#listed.delete(attempt);
    this.#listed.set(attempt, listed);
    const oldest = this.#listed.size > ATTEMPTS_MAX ? this.#listed.keys().next().value : undefined;
    if (oldest !== undefined) this.#listed.delete(oldest);
  }
}

function attemptOf({ sessionId, claimNumber }: SessionRequest): string {
  return `${sessionId}:${claimNumber}`;
}

function isProblem({ verdict }: SessionRequest): boolean {
  return !SMOOTH_VERDICTS.includes(verdict);
}

function toBuffered(request: SessionRequest): BufferedRequest {
  return {
    ...request,
    durationMs: Math.round(request.durationMs),
    method: storableText(request.method, 20),
    url: storableText(shownUrl(request.url)),
    verdict: storableText(request.verdict, 50),
    reason: request.reason === null ? null : storableText(request.reason),
    loggedAtMs: performance.now(),
  };
}

function limitNote(request: SessionRequest, listed: number): BufferedRequest {
  return noteOf(request, `From here on only problems are listed: this attempt has made ${listed} requests`);
}

function droppedNote(batch: readonly BufferedRequest[], dropped: number): BufferedRequest[] {
  const last = batch.at(-1);
  const reason = `${dropped} requests of this worker are not listed, because the database was away`;
  return last === undefined ? [] : [noteOf(last, reason)];
}

/** A row that says something about the list itself. */
function noteOf({ sessionId, claimNumber }: SessionRequest, reason: string): BufferedRequest {
  const nothing = { status: null, durationMs: 0, wireBytes: 0, proxyId: null, proxy: null, snapshotSignature: null };
  return {
    ...nothing,
    sessionId,
    claimNumber,
    method: '',
    url: '',
    verdict: 'note',
    reason,
    loggedAtMs: performance.now(),
  };
}

function toJournal({ loggedAtMs, ...request }: BufferedRequest): JournalRequest {
  return { ...request, ageMs: performance.now() - loggedAtMs };
}
