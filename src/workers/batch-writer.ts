import { setTimeout as wait } from 'node:timers/promises';
import { CallFailedError } from '#lib/errors.ts';
import { isDatabaseOutage } from './database-retry.ts';

export interface BatchWriterOptions<Row> {
  /**
   * Writes rows in one statement, in order, all or none; while the database is away, the same rows are written again later.
   * @param dropped rows that had to be dropped since the last batch that was written; to be told with this one.
   */
  insert(rows: readonly Row[], dropped: number): Promise<unknown>;
  /** Told of each row that is refused for good, which is then dropped. */
  onRefused?: ((error: unknown) => void) | undefined;
  /** Longest time in ms that a row waits. */
  flushMs?: number;
  /** Rows kept while the database is away; later ones are dropped and counted. */
  rowsMax?: number;
}

const BATCH_ROWS = 500;

/**
 * So often in a row a server may fail at a batch, while it does other calls, before a row of it counts as refused: six seconds while rows
 * keep coming, half a minute while none do. A row is a line for people, so no more is waited for it.
 */
const FAILURES_MAX = 12;

/**
 * Collects rows and inserts them in batches, in order, at most `flushMs` late. Never fails and never blocks: while the database is
 * away rows are kept up to a bound, then dropped, and how many is told with the next batch. A row that is refused goes alone.
 */
export class BatchWriter<Row> {
  readonly #options: BatchWriterOptions<Row> & Required<Pick<BatchWriterOptions<Row>, 'flushMs' | 'rowsMax'>>;
  readonly #rows: Row[] = [];
  #dropped = 0;
  /** Rows of the next batch: fewer while the one that is refused is looked for. */
  #batchRows = BATCH_ROWS;
  /** Failures in a row of a server that is there. */
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<boolean> | null = null;

  constructor(options: BatchWriterOptions<Row>) {
    this.#options = { flushMs: 500, rowsMax: 2_000, ...options };
  }

  /** Rows that were dropped and not told of yet. */
  get droppedCount(): number {
    return this.#dropped;
  }

  write(row: Row): void {
    if (this.#rows.length >= this.#options.rowsMax) {
      this.#dropped += 1;
      return;
    }
    this.#rows.push(row);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.flushMs);
  }

  /** Writes what is collected, one batch after the other; gives up at the first that fails and tries again later. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#rows.length > 0) {
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
    const batch = this.#rows.slice(0, this.#batchRows);
    const dropped = this.#dropped;
    try {
      await this.#options.insert(batch, dropped);
    } catch (error) {
      // The rows stay; what failed is the database, and those who write results report that.
      if (isDatabaseOutage(error) && !this.#failsForEver(error)) return false;
      this.#narrow(batch, error);
      return true;
    }
    this.#failures = 0;
    this.#batchRows = Math.min(BATCH_ROWS, this.#batchRows * 2);
    this.#rows.splice(0, batch.length);
    this.#dropped -= dropped;
    return true;
  }

  #failsForEver(error: unknown): boolean {
    if (!(error instanceof CallFailedError)) return false;
    this.#failures += 1;
    return this.#failures >= FAILURES_MAX;
  }

  /** Repeated, a refused batch would be refused for ever: half of it is tried next, and what is refused alone goes. */
  #narrow(batch: readonly Row[], error: unknown): void {
    this.#batchRows = Math.ceil(batch.length / 2);
    if (batch.length > 1) return;
    this.#failures = 0;
    this.#rows.shift();
    this.#options.onRefused?.(error);
  }
}
