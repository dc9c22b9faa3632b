import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/** A database as given, and how many blocks all statements have touched that went through it. Unlike their time, that says the same on a busy machine. */
export interface CountingExecutor extends Executor {
  blocks: number;
}

/** Explains each statement before it runs: for statements that only read. */
export function countBlocks(db: Executor): CountingExecutor {
  const counting: CountingExecutor = {
    blocks: 0,
    async query<Row extends QueryRow>(text: string, values?: readonly unknown[]) {
      const [row] = await db.query(`explain (analyze, buffers, timing off, format json) ${text}`, values);
      const [{ Plan: plan }] = (row as { 'QUERY PLAN': [{ Plan: Record<string, number> }] })['QUERY PLAN'];
      counting.blocks += (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
      return await db.query<Row>(text, values);
    },
  };
  return counting;
}
