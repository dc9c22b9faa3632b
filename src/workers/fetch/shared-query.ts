import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { DatabaseUnavailableError } from '#lib/errors.ts';

/** Classes of SQLSTATE that mean "not now": connection, resources, shutdown, cancelled, serialisation. */
const UNAVAILABLE = /^(?:08|40|53|57|58)/;

/**
 * Runs one statement of the state that all workers share.
 * @throws DatabaseUnavailableError when the database cannot be reached; a mistake in the statement is thrown as it is.
 */
export async function queryShared<Row extends QueryRow = QueryRow>(
  db: Executor,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return await db.query<Row>(text, values);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    // Five letters may also be a code of the network, such as EPIPE.
    if (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) && !UNAVAILABLE.test(code)) throw error;
    throw new DatabaseUnavailableError('The database could not be asked for the pace or the rules of a host', {
      cause: error,
    });
  }
}
