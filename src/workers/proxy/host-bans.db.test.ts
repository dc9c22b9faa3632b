import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { countByStatus, insertProxies } from '#test/proxy-rows.ts';
import { banProxy, breakerThreshold, relaxBans } from './host-bans.ts';

const HOST = 'example.com';
const MINUTE = 60_000;

let test: TestDatabase;
let otherDb: Db;
beforeAll(async () => {
  test = await createTestDatabase();
  otherDb = createDb({ connectionString: test.url, applicationName: 'eko-test-other', max: 10 });
});
beforeEach(() => test.db.query('truncate proxy_pool, proxy_host_bans, host_pacing'));
afterAll(async () => {
  await otherDb.close();
  await test.drop();
});

const ban = (proxyId: number, hostKey = HOST, db = test.db) => banProxy(db, { proxyId, hostKey, reason: 'HTTP 403' });
const bans = () =>
  test.db.query<{ proxy_id: number; level: number; minutes: number }>(
    `select proxy_id, level, round(extract(epoch from until - banned_at) / 60)::int as minutes
     from proxy_host_bans order by proxy_id`,
  );
const hostRow = async (hostKey = HOST) => {
  const [row] = await test.db.query<{ minutes: number; pause_reason: string; pause_count: number }>(
    `select round(extract(epoch from paused_until - clock_timestamp()) / 60)::int as minutes, pause_reason, pause_count
     from host_pacing where host_key = $1`,
    [hostKey],
  );
  return row;
};
/** As if all that has happened had happened so long ago. */
const letPass = (minutes: number) =>
  test.db.query(
    `with bans as (update proxy_host_bans set banned_at = banned_at - $1 * interval '1 min', until = until - $1 * interval '1 min')
     update host_pacing set paused_until = paused_until - $1 * interval '1 min'`,
    [minutes],
  );

describe('breakerThreshold', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
    [5, 3],
    [6, 3],
    [20, 3],
    [1000, 3],
  ])('with %i proxies in use is %i', (active, threshold) => {
    expect(breakerThreshold(active)).toBe(threshold);
  });
});

describe('a ban', () => {
  it('is twice as long each time, up to a day, and shorter again when the host serves', async () => {
    const [id = 0] = await insertProxies(test.db, 20);
    const lengths: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      expect((await ban(id)).kind).toBe('banned');
      lengths.push((await bans())[0]?.minutes ?? 0);
      await letPass(2_000);
    }
    expect(lengths).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    for (let round = 0; round < 7; round += 1) await relaxBans(test.db, [{ proxyId: id, hostKey: HOST }]);
    expect(await bans()).toMatchObject([{ level: 1 }]);
    await ban(id);
    expect(await bans()).toMatchObject([{ level: 2, minutes: 40 }]);
    await relaxBans(test.db, [{ proxyId: id, hostKey: HOST }]);
    expect(await bans()).toMatchObject([{ level: 2 }]);
    await letPass(50);
    for (let round = 0; round < 3; round += 1) await relaxBans(test.db, [{ proxyId: id, hostKey: HOST }]);
    expect(await bans()).toEqual([]);
  });

  it('counts once for requests that were under way together', async () => {
    const [id = 0] = await insertProxies(test.db, 20);
    await Promise.all(Array.from({ length: 6 }, (_, index) => ban(id, HOST, index % 2 === 0 ? test.db : otherDb)));
    expect(await bans()).toMatchObject([{ level: 0 }]);
    expect(await hostRow()).toBeUndefined();
  });

  it('stays with its host, and changes no proxy’s state', async () => {
    const ids = await insertProxies(test.db, 20);
    for (const [index, id] of ids.entries()) await ban(id, `host-${index}.example.com`);
    expect(await countByStatus(test.db)).toEqual({ active: 20 });
    expect(await bans()).toHaveLength(20);
    expect(await test.db.query('select 1 from host_pacing')).toEqual([]);
  });

  it('of a proxy that was removed meanwhile is nothing', async () => {
    await insertProxies(test.db, 1);
    expect(await ban(999_999)).toEqual({ kind: 'gone' });
    expect(await bans()).toEqual([]);
  });
});

describe('the host breaker', () => {
  it('pauses the host when it refuses three proxies, lifts its bans, and says why', async () => {
    const [first = 0, second = 0, third = 0, fourth = 0] = await insertProxies(test.db, 20);
    await ban(fourth, 'other.example.com');
    expect((await ban(first)).kind).toBe('banned');
    expect((await ban(second)).kind).toBe('banned');
    expect(await hostRow()).toBeUndefined();
    expect(await ban(third)).toEqual({ kind: 'host-paused', pauseMs: 30 * MINUTE });
    expect(await hostRow()).toMatchObject({
      minutes: 30,
      pause_reason: '3 proxies were refused within 10 minutes: the site refuses us, not the proxies',
    });
    expect((await bans()).map((row) => row.proxy_id)).toEqual([fourth]);
    expect(await countByStatus(test.db)).toEqual({ active: 20 });
    expect(await hostRow('other.example.com')).toBeUndefined();
  });

  it('trips once when all are refused at the same moment, through two connections', async () => {
    const ids = await insertProxies(test.db, 20);
    const results = await Promise.all(ids.map((id, index) => ban(id, HOST, index % 2 === 0 ? test.db : otherDb)));
    const kinds = results.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'host-paused')).toHaveLength(1);
    expect(kinds.slice().filter((kind) => kind === 'gone')).toEqual([]);
    expect(await hostRow()).toMatchObject({ minutes: 30, pause_count: 1 });
    expect(await countByStatus(test.db)).toEqual({ active: 20 });
  });

  it('pauses twice as long each time, at most a day, until the host serves', async () => {
    const [first = 0, second = 0, third = 0] = await insertProxies(test.db, 20);
    const pauses: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      for (const id of [first, second, third]) await ban(id);
      pauses.push((await hostRow())?.minutes ?? 0);
      await letPass(1_500);
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1440]);
    await test.db.query('update host_pacing set pause_count = 0');
    for (const id of [first, second, third]) await ban(id);
    expect(await hostRow()).toMatchObject({ minutes: 30 });
  });

  it('does not count what is older than ten minutes', async () => {
    const [first = 0, second = 0, third = 0] = await insertProxies(test.db, 20);
    await ban(first);
    await ban(second);
    await letPass(11);
    expect((await ban(third)).kind).toBe('banned');
    expect(await hostRow()).toBeUndefined();
  });

  it.each([
    [1, 1, 'The only proxy was refused: the site refuses us, not the proxies'],
    [2, 2, '2 proxies were refused within 10 minutes: the site refuses us, not the proxies'],
    [4, 2, '2 proxies were refused within 10 minutes: the site refuses us, not the proxies'],
    [5, 3, '3 proxies were refused within 10 minutes: the site refuses us, not the proxies'],
  ])('of a pool of %i waits for %i', async (poolSize, needed, reason) => {
    const ids = await insertProxies(test.db, poolSize);
    await insertProxies(test.db, 9, { status: 'failed' });
    for (const id of ids.slice(0, needed - 1)) expect((await ban(id)).kind).toBe('banned');
    expect((await ban(ids[needed - 1] ?? 0)).kind).toBe('host-paused');
    expect((await hostRow())?.pause_reason).toBe(reason);
  });

  it('counts proxies that were never checked where no others are used', async () => {
    const ids = await insertProxies(test.db, 20, { status: 'testing' });
    expect((await ban(ids[0] ?? 0)).kind).toBe('banned');
    expect((await ban(ids[1] ?? 0)).kind).toBe('banned');
    expect((await ban(ids[2] ?? 0)).kind).toBe('host-paused');
  });
});
