import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { PgRobotsStore } from './robots-store.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it('keeps what was found, and for how long it holds by the clock of the database', async () => {
  const store = new PgRobotsStore(test.db);
  const origin = 'https://example.com';
  expect(await store.find(origin)).toBeNull();
  const finding = { outcome: 'rules', httpStatus: 200, body: 'User-agent: *', reason: null, failures: 0 } as const;
  await store.save(origin, { ...finding, freshForMs: 60_000 });
  expect(await store.find(origin)).toMatchObject({ ...finding, freshForMs: expect.closeTo(60_000, -3) });
  const gone = { outcome: 'unreachable', httpStatus: 503, body: null, reason: 'status 503', failures: 2 } as const;
  await store.save(origin, { ...gone, freshForMs: 300_000 });
  await test.db.query(`update robots_cache set expires_at = clock_timestamp() - interval '1 s'`);
  const stale = await store.find(origin);
  expect(stale).toMatchObject(gone);
  expect(stale?.freshForMs).toBeLessThan(0);
});
