import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/**
 * Lets the lines of these hosts move on, best priority first, then oldest, as far as the hosts can take sessions: a few more than
 * they serve at once (host_capacity, drizzle/0005_host_pace.sql). Any number of callers at once let in no more than that, since
 * they take turns per host.
 */
const PROMOTE_HOST_LINES = 'select promote_host_lines($1::text[]) as promoted';

/** Returns how many sessions became ready. */
export async function promoteHostLines(db: Executor, hostKeys: readonly string[]): Promise<number> {
  const [row] = await db.query<{ promoted: number } & QueryRow>(PROMOTE_HOST_LINES, [hostKeys]);
  return row?.promoted ?? 0;
}
