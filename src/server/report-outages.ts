import type { Db, Executor } from '#lib/db/create-db.ts';
import { DatabaseUnavailableError } from '#lib/errors.ts';
import { isDatabaseOutage } from '#workers/database-retry.ts';

/**
 * The same pool, whose statements throw DatabaseUnavailableError where the way to the database is the reason. Only here can
 * that be told from other failures: much of what pg throws then has no code to go by.
 */
export function reportOutages(db: Db): Db {
  return {
    orm: db.orm,
    query: reporting(db).query,
    transaction: (work) => translateOutages(() => db.transaction((tx) => work(reporting(tx)))),
    close: () => db.close(),
  };
}

/**
 * Whether an error says that the database is away. By its code, not its class: the framework bundles pages and routes apart, so
 * an error that crosses the shared context may be of another copy of the class.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'database_unavailable';
}

function reporting(executor: Executor): Executor {
  return { query: (text, values) => translateOutages(() => executor.query(text, values)) };
}

/** For work that has a connection of its own. @throws DatabaseUnavailableError where the way to the database is the reason. */
export async function translateOutages<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDatabaseOutage(error)) throw error;
    throw new DatabaseUnavailableError('The database cannot be reached', { cause: error });
  }
}
