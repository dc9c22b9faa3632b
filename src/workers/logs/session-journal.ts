import type { Executor } from '#lib/db/create-db.ts';
import type { LogLevel } from '#lib/db/schema/vocabulary.ts';

/** One line that a session said, as it is kept. Lines carry their age, not a time: the keeper's clock is the one that counts. */
export interface JournalLine {
  sessionId: number;
  claimNumber: number;
  level: LogLevel;
  message: string;
  /** JSON. */
  context: string | null;
  ageMs: number;
}

/** One request of a session and what came of it, as it is kept. */
export interface JournalRequest {
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
  ageMs: number;
}

/** What people read of the work on sessions. Both are kept in the order given. */
export interface SessionJournal {
  addLines(workerId: string, lines: readonly JournalLine[]): Promise<void>;
  addRequests(requests: readonly JournalRequest[]): Promise<void>;
}

const INSERT_LINES = `
  insert into session_logs (session_id, at, claim_number, level, worker_id, message, context)
  select line.session_id, clock_timestamp() - make_interval(secs => line.age_ms / 1000.0), line.claim_number, line.level, $7,
         line.message, line.context::jsonb
  from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::float8[])
    with ordinality as line (session_id, claim_number, level, message, context, age_ms, position)
  order by line.position`;

const INSERT_REQUESTS = `
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

/** In session_logs and session_requests; one statement each. */
export class PgSessionJournal implements SessionJournal {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  async addLines(workerId: string, lines: readonly JournalLine[]): Promise<void> {
    const columns = columnsOf(lines, ['sessionId', 'claimNumber', 'level', 'message', 'context', 'ageMs']);
    await this.#db.query(INSERT_LINES, [...columns, workerId]);
  }

  async addRequests(requests: readonly JournalRequest[]): Promise<void> {
    const names = ['sessionId', 'ageMs', 'claimNumber', 'status', 'durationMs', 'wireBytes', 'proxyId'] as const;
    const texts = ['method', 'url', 'verdict', 'reason', 'proxy', 'snapshotSignature'] as const;
    await this.#db.query(INSERT_REQUESTS, columnsOf(requests, [...names, ...texts]));
  }
}

/** One list per column, in the order of the statement. */
function columnsOf<Row>(rows: readonly Row[], names: readonly (keyof Row)[]): unknown[][] {
  return names.map((name) => rows.map((row) => row[name]));
}
