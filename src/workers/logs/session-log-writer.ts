import { setTimeout as wait } from 'node:timers/promises';
import type { Executor } from '#lib/db/create-db.ts';
import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
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

const BATCH_LINES = 500;

// Lines carry their age, not a time: the database's clock is the one that counts.
const INSERT = `
  insert into session_logs (session_id, at, claim_number, level, worker_id, message, context)
  select line.session_id, clock_timestamp() - make_interval(secs => line.age_ms / 1000.0), line.claim_number, line.level, $7,
         line.message, line.context::jsonb
  from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::float8[])
    with ordinality as line (session_id, claim_number, level, message, context, age_ms, position)
  order by line.position`;

/**
 * Collects what sessions say and inserts it in batches, in order, at most `flushMs` late. Never fails and never blocks a session:
 * while the database is away lines are kept up to a bound, then dropped, and the number of dropped ones is logged afterwards.
 */
export class SessionLogWriter {
  readonly #options: Required<SessionLogWriterOptions>;
  #lines: BufferedLine[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<boolean> | null = null;

  constructor(options: SessionLogWriterOptions) {
    this.#options = { flushMs: 500, linesMax: 2_000, ...options };
  }

  /** Lines that were dropped because the database was away. */
  get droppedCount(): number {
    return this.#dropped;
  }

  write(line: SessionLogLine): void {
    if (this.#lines.length >= this.#options.linesMax) {
      this.#dropped += 1;
      return;
    }
    const details = storableJson(line.details);
    this.#lines.push({
      sessionId: line.sessionId,
      claimNumber: line.claimNumber,
      level: line.level,
      message: storableText(line.message),
      context: details ? JSON.stringify(details) : null,
      saidAtMs: performance.now(),
    });
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.flushMs);
  }

  /** Writes what is collected, one batch after the other; gives up at the first that fails and tries again later. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#lines.length > 0) {
      this.#writing ??= this.#writeBatch().finally(() => {
        this.#writing = null;
      });
      if (!(await this.#writing)) {
        this.#timer ??= setTimeout(() => void this.flush(), this.#options.flushMs * 4);
        return;
      }
    }
  }

  /** A last try, at most `timeoutMs` long. */
  async close(timeoutMs = 1_000): Promise<void> {
    await Promise.race([this.flush(), wait(timeoutMs, undefined, { ref: false })]);
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #writeBatch(): Promise<boolean> {
    const batch = this.#lines.slice(0, BATCH_LINES);
    const dropped = this.#dropped;
    const lines = dropped > 0 ? [...batch, droppedNote(batch, dropped)] : batch;
    const now = performance.now();
    try {
      await this.#options.db.query(INSERT, [
        lines.map((line) => line.sessionId),
        lines.map((line) => line.claimNumber),
        lines.map((line) => line.level),
        lines.map((line) => line.message),
        lines.map((line) => line.context),
        lines.map((line) => now - line.saidAtMs),
        this.#options.workerId,
      ]);
    } catch {
      // The lines stay; what failed is the database, and those who write results report that.
      return false;
    }
    this.#lines.splice(0, batch.length);
    this.#dropped -= dropped;
    return true;
  }
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
