import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createHostLimitsDuty } from './host-limits-duty.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate host_pacing, host_slots'));
afterAll(() => database.drop());

const ago = (age: string) => `clock_timestamp() - interval '${age}'`;
const ahead = (time: string) => `clock_timestamp() + interval '${time}'`;

/** A host that has limited us and served nothing since. */
async function limit(hostKey: string, columns: Record<string, string> = {}): Promise<void> {
  const days = { limited_since: ago('3 days'), last_asked_at: ago('3 days'), next_at: ago('3 days') };
  const all = { ...days, adaptive_ms: '60000', gap_ms: '60000', strikes: '3', error_streak: '4', ...columns };
  await database.db.query(
    `insert into host_pacing (host_key, floor_ms, ${Object.keys(all)}) values ($1, 300, ${Object.values(all)})`,
    [hostKey],
  );
}

async function forget(): Promise<void> {
  const duty = createHostLimitsDuty({ db: database.db, logger: silentLogger() });
  await Promise.all([1, 2, 3].map(() => duty.run(new AbortController().signal)));
}

/** One request, and what the host says of it. */
async function ask(hostKey: string, result: 'refused' | 'throttled' | 'error'): Promise<void> {
  await database.db.query(
    `select release_host_slot($1, slot_id, 0, $2, 'status 403')
     from reserve_host_slot($1, 'worker', null, 300, 0, 1, 1000, 1000) where slot_id is not null`,
    [hostKey, result],
  );
}

const isPaused = async (hostKey: string) =>
  (
    await database.db.query('select paused_until is not null as paused from host_pacing where host_key = $1', [hostKey])
  )[0]?.paused;

it('gives a host a fresh start that nobody asked for an hour, and after a pause for as long again', async () => {
  await limit('quiet');
  await limit('asked lately', { last_asked_at: ago('50 minutes') });
  await limit('backs off', { backoff_until: ahead('1 minute') });
  await limit('is about to be asked', { next_at: ahead('1 second') });
  await limit('is paused', { paused_until: ahead('1 minute'), pause_count: '1' });
  // Its third pause took two hours.
  await limit('was paused', { paused_until: ago('110 minutes'), pause_count: '3' });
  await limit('was paused long ago', { paused_until: ago('130 minutes'), pause_count: '3' });
  await limit('was paused for a day', { paused_until: ago('23 hours'), pause_count: '30000' });
  await limit('was slow only', { limited_since: 'null', error_streak: '0' });
  await forget();
  const limited = await database.db.query(
    `select host_key from host_pacing where limited_since is not null or gap_ms > 300 order by host_key`,
  );
  expect(limited.map((row) => row.host_key)).toEqual([
    'asked lately',
    'backs off',
    'is about to be asked',
    'is paused',
    'was paused',
    'was paused for a day',
  ]);
  const [fresh] = await database.db.query(
    `select gap_ms, adaptive_ms, strikes, error_streak, pause_count, last_asked_at < ${ago('2 days')} as known
     from host_pacing where host_key = 'was paused long ago'`,
  );
  expect(fresh).toEqual({ gap_ms: 300, adaptive_ms: 0, strikes: 0, error_streak: 0, pause_count: 0, known: true });
});

it.each(['refused', 'throttled', 'error'] as const)(
  'does not let a host be paused for one request that is %s, because of what it did days ago',
  async (result) => {
    await limit('host');
    await forget();
    await ask('host', result);
    expect(await isPaused('host')).toBe(false);
  },
);

it('leaves a host that goes on refusing to longer and longer pauses', async () => {
  await limit('host', { limited_since: ago('20 minutes'), last_asked_at: ago('2 minutes') });
  await ask('host', 'refused');
  expect(await isPaused('host')).toBe(true);
  await database.db.query(`update host_pacing set paused_until = ${ago('1 second')}, next_at = '-infinity'`);
  await forget();
  await ask('host', 'refused');
  const [host] = await database.db.query(
    `select pause_count, paused_until > ${ahead('59 minutes')} as longer from host_pacing`,
  );
  expect(host).toEqual({ pause_count: 2, longer: true });
});
