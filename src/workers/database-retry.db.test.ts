import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { isDatabaseOutage } from './database-retry.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
  await db.query('create table accounts (id int primary key, amount int)');
  await db.query('insert into accounts values (1, 0), (2, 0)');
});
afterAll(() => database.drop());

const add = (id: number) => `update accounts set amount = amount + 1 where id = ${id}`;
const caught = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

/** Two transactions that have both done their first step before either does its second. @returns the errors they ended with. */
async function race(steps: { before: string; first: string; second: string }[]): Promise<unknown[]> {
  let ready = 0;
  const run = ({ before, first, second }: (typeof steps)[number]) =>
    db.transaction(async (tx) => {
      await tx.query(before);
      await tx.query(first);
      ready += 1;
      await waitFor(() => ready === steps.length);
      await tx.query(second);
    });
  const errors = await Promise.all(steps.map((step) => caught(run(step))));
  return errors.filter((error) => error !== null);
}

async function expectPassing(error: unknown, code: string): Promise<void> {
  expect(error).toMatchObject({ code });
  expect(isDatabaseOutage(error)).toBe(true);
}

describe('what PostgreSQL says of trouble that passes', () => {
  it('is known by its SQLSTATE: a deadlock', async () => {
    const before = `set local lock_timeout = '20s'`;
    const errors = await race([
      { before, first: add(1), second: add(2) },
      { before, first: add(2), second: add(1) },
    ]);
    expect(errors).toHaveLength(1);
    await expectPassing(errors[0], '40P01');
  });

  it('is known by its SQLSTATE: a serialization failure', async () => {
    const before = 'set transaction isolation level serializable';
    const first = 'select sum(amount) from accounts';
    const errors = await race([
      { before, first, second: add(1) },
      { before, first, second: add(2) },
    ]);
    expect(errors).toHaveLength(1);
    await expectPassing(errors[0], '40001');
  });

  it('is known by its SQLSTATE: a lock that is not to be had, a statement that takes too long', async () => {
    const errors = await db.transaction(async (tx) => {
      await tx.query(add(1));
      const limited = (limit: string) =>
        caught(
          db.transaction(async (other) => {
            await other.query(`set local ${limit} = '50ms'`);
            await other.query(add(1));
          }),
        );
      return [await limited('lock_timeout'), await limited('statement_timeout')];
    });
    await expectPassing(errors[0], '55P03');
    await expectPassing(errors[1], '57014');
  });

  it.each([
    ['pg_cancel_backend', '57014'],
    ['pg_terminate_backend', '57P01'],
  ])('is known by its SQLSTATE: %s', async (end, code) => {
    let pid = 0;
    const working = caught(
      db.transaction(async (tx) => {
        [{ pid }] = (await tx.query('select pg_backend_pid() as pid')) as [{ pid: number }];
        await tx.query('select pg_sleep(30)');
      }),
    );
    await waitFor(() => pid > 0);
    let error: unknown = null;
    void working.then((found) => {
      error = found;
    });
    // Again and again: a cancel that comes between two statements cancels nothing.
    const strike = async () => {
      if (error === null) await db.query(`select ${end}($1)`, [pid]);
      return error !== null;
    };
    await waitFor(strike, { intervalMs: 50 });
    await expectPassing(error, code);
  });

  it('is known without one where the connection breaks or hangs', async () => {
    const proxy = await TcpFaultProxy.start({ port: Number(new URL(database.url).port) });
    const own = createDb({
      connectionString: proxy.through(database.url),
      applicationName: 'eko-test-hang',
      max: 1,
      statementTimeoutMs: 1_500,
    });
    try {
      await own.query('select 1');
      proxy.set({ blackHole: 'both' });
      const hung = await caught(own.query('select 1'));
      proxy.heal();
      await waitFor(async () => (await own.query('select 1')).length === 1);
      const sleeping = caught(own.query('select pg_sleep(30)'));
      await waitFor(() => proxy.openCount === 1);
      proxy.cut();
      const cut = await sleeping;
      for (const error of [hung, cut]) expect([error, isDatabaseOutage(error)]).toEqual([expect.any(Error), true]);
    } finally {
      await proxy.close();
      await own.close();
    }
  });
});
