import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { createDb, type Db } from './create-db.ts';

const STATEMENT_MS = 2_000;
/** The client waits a second longer than the server may take. */
const DEADLINE_MS = STATEMENT_MS + 1_000;
const CONNECTIONS = 3;

let database: TestDatabase;
let proxy: TcpFaultProxy;
let db: Db;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await TcpFaultProxy.start({ port: Number(new URL(database.url).port) });
  db = createDb({
    connectionString: proxy.through(database.url),
    applicationName: 'eko-test-silent',
    max: CONNECTIONS,
    statementTimeoutMs: STATEMENT_MS,
  });
  // All connections of the pool, each of which then lies idle.
  await Promise.all(Array.from({ length: CONNECTIONS }, () => db.query('select pg_sleep(0.1)')));
});
afterEach(async () => {
  await proxy.close();
  await db.close();
  await database.drop();
});

it('one connection that falls silent takes those that lie idle with it', async () => {
  expect(proxy.openCount).toBe(CONNECTIONS);
  proxy.set({ blackHole: 'both' });
  await expect(db.query('select 1')).rejects.toThrow('Query read timeout');
  proxy.heal();
  await waitFor(() => proxy.openCount === 0, { what: 'all connections to be gone' });
  expect(await db.query('select 1 as one')).toEqual([{ one: 1 }]);
  expect(proxy.acceptedCount).toBe(CONNECTIONS + 1);
});

it('a transaction on a silent connection ends after one deadline: nobody waits for its rollback', async () => {
  proxy.set({ blackHole: 'both' });
  const startedAtMs = performance.now();
  await expect(db.transaction((tx) => tx.query('select 1'))).rejects.toThrow('Query read timeout');
  expect(performance.now() - startedAtMs).toBeLessThan(DEADLINE_MS * 2);
  proxy.heal();
  expect(await db.transaction((tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
});
