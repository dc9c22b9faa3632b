import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';

export { startTestPostgres, type TestPostgres } from './postgres-server.ts';

/** A database of one test file, cloned from a migrated template. */
export interface TestDatabase {
  /** A role that owns this database and is no superuser, as in production. */
  url: string;
  /** A pool on it; make more with `createDb({ connectionString: url, … })` where a race needs several. */
  db: Db;
  /** Closes `db`, ends what is still connected, and removes the database. */
  drop(): Promise<void>;
}

/** Creates an empty database with the current schema: some 50 ms. Call it in beforeAll or beforeEach, and `drop()` after. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url: serverUrl, template } = inject('testPostgres');
  const name = `eko_test_${randomBytes(6).toString('hex')}`;
  await runOnce(serverUrl, `create database ${name} template ${template}`);
  const address = new URL(serverUrl);
  address.pathname = `/${name}`;
  const url = address.toString();
  const db = createDb({ connectionString: url, applicationName: 'eko-test', max: 10 });
  return {
    url,
    db,
    async drop() {
      await db.close();
      // Not "with (force)": that needs a superuser whenever autovacuum is at work there, which a plain drop sends away.
      // The server itself waits no longer than 5 s for them to be gone.
      await runOnce(
        serverUrl,
        `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}' and usename = current_user`,
      );
      await runOnce(serverUrl, `drop database if exists ${name}`);
    },
  };
}

async function runOnce(connectionString: string, statement: string): Promise<void> {
  const db = createDb({ connectionString, applicationName: 'eko-test-setup', max: 1 });
  try {
    await db.query(statement);
  } finally {
    await db.close();
  }
}
