import { setTimeout as wait } from 'node:timers/promises';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { FIRST_ROWS, paceAfter, paceAfterTimeout, type TimedBatch } from './prune-pace.ts';
import { PRUNE_STATEMENTS, type PruneKind } from './prune-statements.ts';
import type { Retention } from './retention.ts';

/** Deleted rows per kind. */
export type PruneCounts = Record<PruneKind, number>;

export interface PruneOptions {
  signal?: AbortSignal | undefined;
  /** How long one kind may take in a run; what is left waits for the next. Default two minutes. */
  budgetMs?: number;
}

const BUDGET_MS = 120_000;

/** SQLSTATE of a statement that ran into its time limit. */
const QUERY_CANCELED = '57014';

/**
 * Deletes what is older than its retention, in small batches with rests between them, oldest first, and adds the figures of
 * sessions and attempts to archive_days; returns how many rows of each kind went. Nothing that waits or runs is touched or
 * locked. Any number of processes may do this at once. Stops between two batches when `signal` is aborted.
 */
export async function pruneOldRows(
  db: Executor,
  retention: Retention,
  options: PruneOptions = {},
): Promise<PruneCounts> {
  const counts = {} as PruneCounts;
  for (const kind of Object.keys(PRUNE_STATEMENTS) as PruneKind[]) {
    const { age, sql } = PRUNE_STATEMENTS[kind];
    counts[kind] = await pruneKind((position, rows) => pruneBatch(db, sql, [retention[age], rows, position]), options);
  }
  return counts;
}

type PruneBatch = (position: number, rows: number) => Promise<PrunedBatch | 'too-slow'>;

interface PrunedBatch {
  deleted: number;
  /** Where the next batch begins; null when nothing is left. */
  next: number | null;
}

async function pruneKind(prune: PruneBatch, { signal, budgetMs = BUDGET_MS }: PruneOptions): Promise<number> {
  const endsAtMs = performance.now() + budgetMs;
  let rows = FIRST_ROWS;
  let position: number | null = 0;
  let total = 0;
  let before: TimedBatch | null = null;
  while (position !== null && !signal?.aborted && performance.now() < endsAtMs) {
    const startedAtMs = performance.now();
    const batch: PrunedBatch | 'too-slow' = await prune(position, rows);
    const timed: TimedBatch = { rows, tookMs: performance.now() - startedAtMs };
    const pace = batch === 'too-slow' ? paceAfterTimeout(rows) : paceAfter(timed, before);
    before = timed;
    if (pace === null) return total;
    rows = pace.rows;
    if (batch !== 'too-slow') {
      total += batch.deleted;
      position = batch.next;
    }
    if (position !== null) await rest(pace.pauseMs, signal);
  }
  return total;
}

async function pruneBatch(db: Executor, sql: string, values: readonly number[]): Promise<PrunedBatch | 'too-slow'> {
  try {
    const [batch] = await db.query<PrunedBatch & QueryRow>(sql, values);
    return batch ?? { deleted: 0, next: null };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === QUERY_CANCELED) return 'too-slow';
    throw error;
  }
}

/** Ends early, without an error, when `signal` is aborted. */
async function rest(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(pauseMs, undefined, signal ? { signal } : {}).catch(() => {});
}
