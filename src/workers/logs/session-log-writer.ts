import type { Executor } from '#lib/db/create-db.ts';
import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import { BatchWriter } from '../batch-writer.ts';
import { storableJson, storableText } from '../stored-error.ts';

/** One line that a session said. */
export interface SessionLogLine {
  sessionId: number;
  claimNumber: number;
  level: LogLevel;
  message: string;
  details?: Record<string, unknown>;
}

interface BufferedLine {
  sessionId: number;
  claimNumber: number;
  level: LogLevel;
  message: string;
  context: string | null;
  saidAtMs: number;
}

export interface SessionLogWriterOptions {
  db: Executor;
  workerId: string;
  /** Longest time in ms that a line waits. */
  flushMs?: number;
  /** Lines kept while the database is away; later ones are dropped and counted. 2,000 lines are about 1 MB. */
  linesMax?: number;
}

// Lines carry their age, not a time: the database's clock is the one that counts.
const INSERT = `
  insert into session_logs (session_id, at, claim_number, level, worker_id, message, context)
  select line.session_id, clock_timestamp() - make_interval(secs => line.age_ms / 1000.0), line.claim_number, line.level, $7,
         line.message, line.context::jsonb
  from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::float8[])
    with ordinality as line (session_id, claim_number, level, message, context, age_ms, position)
  order by line.position`;

/** Collects what sessions say and inserts it in batches, in order, soon; never fails and never blocks a session (see BatchWriter). */
export class SessionLogWriter {
  readonly #batches: BatchWriter<BufferedLine>;

  constructor({ db, workerId, flushMs = 500, linesMax = 2_000 }: SessionLogWriterOptions) {
    this.#batches = new BatchWriter({
      flushMs,
      rowsMax: linesMax,
      insert: (batch, dropped) => {
        const lines = dropped > 0 ? [...batch, droppedNote(batch, dropped)] : batch;
        return db.query(INSERT, [...columnsOf(lines), workerId]);
      },
    });
  }

  /** Lines that were dropped because the database was away. */
  get droppedCount(): number {
    return this.#batches.droppedCount;
  }

  write(line: SessionLogLine): void {
    const details = storableJson(line.details);
    this.#batches.write({
      sessionId: line.sessionId,
      claimNumber: line.claimNumber,
      level: line.level,
      message: storableText(line.message),
      context: details ? JSON.stringify(details) : null,
      saidAtMs: performance.now(),
    });
  }

  flush(): Promise<void> {
    return this.#batches.flush();
  }

  /** A last try, at most `timeoutMs` long. */
  close(timeoutMs?: number): Promise<void> {
    return this.#batches.close(timeoutMs);
  }
}

/** One list per column, in the order of the statement. */
function columnsOf(lines: readonly BufferedLine[]): unknown[][] {
  const now = performance.now();
  return [
    lines.map((line) => line.sessionId),
    lines.map((line) => line.claimNumber),
    lines.map((line) => line.level),
    lines.map((line) => line.message),
    lines.map((line) => line.context),
    lines.map((line) => now - line.saidAtMs),
  ];
}

function droppedNote(batch: readonly BufferedLine[], dropped: number): BufferedLine {
  const last = batch.at(-1);
  return {
    sessionId: last?.sessionId ?? 0,
    claimNumber: last?.claimNumber ?? 0,
    level: 'warn',
    message: `${dropped} log lines of this worker were dropped while the database was away`,
    context: null,
    saidAtMs: performance.now(),
  };
}
