import type { Executor, QueryRow } from '#lib/db/create-db.ts';

/**
 * Moves sessions whose time has come into the ready index, or into their host's line; lets the lines move on; and says whether
 * anything ready waits for one of the sources. Safe to run from any number of managers: each due row is moved by one of them.
 */
const PROMOTE_DUE = 'select promote_due_sessions($1::text[]) as ready';

export async function promoteDue(db: Executor, sources: readonly string[] | null): Promise<boolean> {
  const [row] = await db.query<{ ready: boolean } & QueryRow>(PROMOTE_DUE, [sources]);
  return row?.ready ?? false;
}
