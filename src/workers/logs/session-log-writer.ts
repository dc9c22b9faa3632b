import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import { BatchWriter } from '../batch-writer.ts';
import { storableJson, storableText } from '../worker/stored-error.ts';
import type { JournalLine, SessionJournal } from './session-journal.ts';

/** One line that a session said. */
export interface SessionLogLine {
  sessionId: number;
  claimNumber: number;
  level: LogLevel;
  message: string;
  details?: Record<string, unknown>;
}

type BufferedLine = Omit<JournalLine, 'ageMs'> & { saidAtMs: number };

export interface SessionLogWriterOptions {
  journal: Pick<SessionJournal, 'addLines'>;
  workerId: string;
  /** Told of each that is refused for good, which is then dropped. */
  onRefused?: (error: unknown) => void;
  /** Longest time in ms that a line waits. */
  flushMs?: number;
  /** Lines kept while the database is away; later ones are dropped and counted. 2,000 lines are about 1 MB. */
  linesMax?: number;
}

/** Collects what sessions say and inserts it in batches, in order, soon; never fails and never blocks a session (see BatchWriter). */
export class SessionLogWriter {
  readonly #batches: BatchWriter<BufferedLine>;

  constructor({ journal, workerId, onRefused, flushMs = 500, linesMax = 2_000 }: SessionLogWriterOptions) {
    this.#batches = new BatchWriter({
      flushMs,
      rowsMax: linesMax,
      onRefused,
      insert: (batch, dropped) => {
        const lines = dropped > 0 ? [...batch, droppedNote(batch, dropped)] : batch;
        return journal.addLines(workerId, lines.map(toJournal));
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

function toJournal({ saidAtMs, ...line }: BufferedLine): JournalLine {
  return { ...line, ageMs: performance.now() - saidAtMs };
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
