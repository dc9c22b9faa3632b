import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createPruneDuty } from './prune-duty.ts';
import { retentionOf } from './retention.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate app_settings, scraping_sessions'));
afterAll(() => database.drop());

const machine = (nodeId: string) =>
  createPruneDuty({
    db: database.db,
    nodeId,
    retention: retentionOf({ EKO_KEEP_SESSIONS_DAYS: 90, EKO_KEEP_LOGS_DAYS: 14, EKO_KEEP_METRICS_DAYS: 180 }),
    logger: createLogger('test', 'silent'),
  });

async function makeOldSession(): Promise<void> {
  await database.db.query(
    `insert into scraping_sessions (batch_id, source, location, status, created_at, completed_at)
     select gen_random_uuid(), 'permits', 'Georgia', 'completed', at, at from (select clock_timestamp() - interval '91 days' as at) t`,
  );
}

async function sessionsLeft(): Promise<number> {
  return (await database.db.query('select from scraping_sessions')).length;
}

const runAll = (names: readonly string[], signal = new AbortController().signal) =>
  Promise.all(names.map((name) => machine(name).run(signal)));

it('is done by one of all machines once an hour, and by another when that one is gone', async () => {
  await makeOldSession();
  await runAll(['a', 'b', 'c', 'd']);
  expect(await sessionsLeft()).toBe(0);
  await makeOldSession();
  await runAll(['a', 'b', 'c', 'd']);
  expect(await sessionsLeft()).toBe(1);
  await database.db.query(`update app_settings set updated_at = clock_timestamp() - interval '61 minutes'`);
  await runAll(['e']);
  expect(await sessionsLeft()).toBe(0);
  const [turn] = await database.db.query('select value as node from app_settings');
  expect(turn).toEqual({ node: 'e' });
});

it('ends at once when its manager stops', async () => {
  await makeOldSession();
  await runAll(['a'], AbortSignal.abort());
  expect(await sessionsLeft()).toBe(1);
});
