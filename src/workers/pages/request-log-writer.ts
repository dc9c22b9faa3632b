import type { Executor } from '#lib/db/create-db.ts';
import { SMOOTH_VERDICTS } from '#lib/sessions/smooth-verdicts.ts';
import { BatchWriter } from '../batch-writer.ts';
import { storableText } from '../stored-error.ts';
import { shownUrl } from './shown-url.ts';

/** One request of a session and what came of it. */
export interface SessionRequest {
  sessionId: number;
  claimNumber: number;
  method: string;
  url: string;
  /** Null where no answer came. */
  status: number | null;
  durationMs: number;
  wireBytes: number;
  proxyId: number | null;
  /** `host:port`; null for a direct request. */
  proxy: string | null;
  verdict: string;
  reason: string | null;
  snapshotSignature: string | null;
}

type BufferedRequest = SessionRequest & { loggedAtMs: number };

export interface RequestLogWriterOptions {
  db: Executor;
  flushMs?: number;
  /** Requests kept while the database is away; later ones are dropped and counted. */
  rowsMax?: number;
  /** Requests of one attempt that are listed; of later ones only the problems are, up to as many again. */
  perAttemptMax?: number;
}

/** Attempts whose requests are counted: far more than one worker runs at once. */
const ATTEMPTS_MAX = 200;

// Requests carry their age, not a time: the database's clock is the one that counts.
const INSERT = `
  insert into session_requests (session_id, at, claim_number, status, duration_ms, wire_bytes, proxy_id, method, url, verdict,
    reason, proxy, snapshot_signature)
  select request.session_id, clock_timestamp() - make_interval(secs => request.age_ms / 1000.0), request.claim_number,
    request.status, request.duration_ms, request.wire_bytes, request.proxy_id, request.method, request.url, request.verdict,
    request.reason, request.proxy, request.snapshot_signature
  from unnest($1::bigint[], $2::float8[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::text[], $9::text[],
      $10::text[], $11::text[], $12::text[], $13::text[])
    with ordinality as request (session_id, age_ms, claim_number, status, duration_ms, wire_bytes, proxy_id, method, url, verdict,
      reason, proxy, snapshot_signature, position)
  order by request.position`;

/**
 * Lists what sessions ask, in batches and soon; never fails and never blocks a session (see BatchWriter). Addresses are kept
 * without what is secret in them. What is left out is said in a row of its own, whose verdict is `note`.
 */
export class RequestLogWriter {
  readonly #batches: BatchWriter<BufferedRequest>;
  readonly #perAttemptMax: number;
  /** How many are listed, by attempt; the one that asked last is at the end. */
  readonly #listed = new Map<string, number>();

  constructor({ db, flushMs = 500, rowsMax = 2_000, perAttemptMax = 5_000 }: RequestLogWriterOptions) {
    this.#perAttemptMax = perAttemptMax;
    this.#batches = new BatchWriter({
      flushMs,
      rowsMax,
      insert: (batch, dropped) =>
        db.query(INSERT, columnsOf(dropped > 0 ? [...batch, ...droppedNote(batch, dropped)] : batch)),
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

/** One list per column, in the order of the statement. */
function columnsOf(requests: readonly BufferedRequest[]): unknown[][] {
  const now = performance.now();
  return [
    requests.map((request) => request.sessionId),
    requests.map((request) => now - request.loggedAtMs),
    requests.map((request) => request.claimNumber),
    requests.map((request) => request.status),
    requests.map((request) => request.durationMs),
    requests.map((request) => request.wireBytes),
    requests.map((request) => request.proxyId),
    requests.map((request) => request.method),
    requests.map((request) => request.url),
    requests.map((request) => request.verdict),
    requests.map((request) => request.reason),
    requests.map((request) => request.proxy),
    requests.map((request) => request.snapshotSignature),
  ];
}
