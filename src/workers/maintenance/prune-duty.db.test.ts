import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readEnv } from '#lib/env.ts';
import { silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createPruneDuty } from './prune-duty.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate app_settings, scraping_sessions'));
afterAll(() => database.drop());

const machine = (nodeId: string, settings: Record<string, string> = {}, logger = silentLogger()) =>
  createPruneDuty({ db: database.db, env: readEnv({ NODE_ID: nodeId, ...settings }), logger });

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

it('goes on where the clock was ahead when its last turn was taken', async () => {
  await makeOldSession();
  await database.db.query(
    `insert into app_settings (key, value, updated_at) values ('prune_turn', '"a"', clock_timestamp() + interval '300 days')`,
  );
  await runAll(['a', 'b']);
  expect(await sessionsLeft()).toBe(0);
  await makeOldSession();
  await runAll(['a', 'b']);
  expect(await sessionsLeft()).toBe(1);
});

it('ends at once when its manager stops', async () => {
  await makeOldSession();
  await runAll(['a'], AbortSignal.abort());
  expect(await sessionsLeft()).toBe(1);
});

it('keeps what one machine was told to keep, whichever machine prunes', async () => {
  await makeOldSession();
  const { signal } = new AbortController();
  const dashboard = machine('dashboard', { EKO_KEEP_SESSIONS_DAYS: '365' });
  await dashboard.run(signal);
  const giveTurn = () => database.db.query(`update app_settings set updated_at = '-infinity' where key = 'prune_turn'`);
  await giveTurn();
  await machine('worker-7').run(signal);
  expect(await sessionsLeft()).toBe(1);
  // Whoever starts last decides, also when the one before looks again.
  await machine('worker-8', { EKO_KEEP_SESSIONS_DAYS: '90' }).run(signal);
  await giveTurn();
  await dashboard.run(signal);
  expect(await sessionsLeft()).toBe(0);
});

it('says what it puts in force for all machines, and nothing when that stands already', async () => {
  const said: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void said.push(JSON.parse(line)) });
  const { signal } = new AbortController();
  for (const days of ['7', '7', '30']) await machine('a', { EKO_KEEP_LOGS_DAYS: days }, logger).run(signal);
  expect(said).toMatchObject([
    { setting: 'EKO_KEEP_LOGS_DAYS', days: 7, daysBefore: 14 },
    { setting: 'EKO_KEEP_LOGS_DAYS', days: 30, daysBefore: 7 },
  ]);
});
