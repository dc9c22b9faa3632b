import type { Executor } from '#lib/db/create-db.ts';
import type { ChaosManager } from './chaos-manager.ts';

/** The managers and their workers, as processes. */
export function processesOf(managers: readonly ChaosManager[]): number[] {
  return managers.flatMap((manager) => [manager.pid, ...manager.workerPids]);
}

/** Attempts that count against the limit of their session. */
export async function countCharged(db: Executor): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from scraper_metrics where outcome in ('retry', 'failed', 'timed_out', 'crashed')`,
  );
  return row?.count ?? 0;
}
