import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { insertProxies } from '#test/proxy-rows.ts';
import { HealthStore } from './health-store.ts';
import type { ProxyEvent } from './proxy-health.ts';

let test: TestDatabase;
let otherDb: Db;
let store: HealthStore;
let other: HealthStore;
beforeAll(async () => {
  test = await createTestDatabase();
  otherDb = createDb({ connectionString: test.url, applicationName: 'eko-test-other', max: 10 });
  store = new HealthStore({ db: test.db, checkIntervalMs: 300_000, random: () => 1 });
  other = new HealthStore({ db: otherDb, checkIntervalMs: 300_000, random: () => 1 });
});
beforeEach(() => test.db.query('truncate proxy_pool, proxy_host_bans'));
afterAll(async () => {
  await otherDb.close();
  await test.drop();
});

const use = (effect: (ProxyEvent & { kind: 'used' })['effect']): ProxyEvent => ({
  kind: 'used',
  effect,
  durationMs: 80,
});
const repeat = (count: number, event: ProxyEvent) => Array.from({ length: count }, () => event);
const rowOf = async (id: number) => {
  const [row] = await test.db.query<Record<string, unknown> & { samples: unknown[] }>(
    `select *, extract(epoch from next_check_at - clock_timestamp())::float8 as next_in,
       extract(epoch from cooling_until - clock_timestamp())::float8 as cool_for from proxy_pool where id = $1`,
    [id],
  );
  return row;
};

describe('apply', () => {
  it('adds up what two workers report on the same proxies at once, and nobody blocks the other', async () => {
    const ids = await insertProxies(test.db, 10);
    const flush = (target: HealthStore, order: number[]) =>
      target.apply(new Map(order.map((id) => [id, [use('success'), use('half-fault')]])));
    await Promise.all(
      Array.from({ length: 10 }, (_, round) => (round % 2 === 0 ? flush(store, ids) : flush(other, ids.toReversed()))),
    );
    for (const id of ids) {
      const row = await rowOf(id);
      expect(row).toMatchObject({ status: 'active', success_count: 10, failure_count: 10, success_rate: 0.75 });
      expect(row?.samples).toHaveLength(20);
    }
  });

  it('sends a proxy to cool for which two workers together saw three faults in a row', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    expect(await store.apply(new Map([[id, repeat(2, use('fault'))]]))).toEqual([
      { id, before: 'active', after: 'active' },
    ]);
    expect(await other.apply(new Map([[id, [use('fault')]]]))).toEqual([{ id, before: 'active', after: 'cooling' }]);
    const row = await rowOf(id);
    expect(row).toMatchObject({ fault_streak: 3, cooling_cycles: 1, last_error: 'The proxy failed' });
    expect(row?.cool_for).toBeGreaterThan(30);
    expect(row?.cool_for).toBeLessThanOrEqual(60);
  });

  it('leaves out proxies that were removed, and nothing is a statement less', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    expect(await store.apply(new Map([[id + 1, [use('success')]]]))).toEqual([]);
    expect(await store.apply(new Map())).toEqual([]);
  });

  it('keeps what a state has no use for as it was', async () => {
    const [id = 0] = await insertProxies(test.db, 1, { tier: 3, maxInflight: 9 });
    await store.apply(new Map([[id, [{ kind: 'disabled' }]]]));
    expect(await rowOf(id)).toMatchObject({ status: 'disabled', tier: 3, max_inflight: 9, cooling_until: null });
  });
});

describe('claimChecks', () => {
  const makeDue = () => test.db.query(`update proxy_pool set next_check_at = now() - interval '1 second'`);

  it('gives each check that is due to one of many', async () => {
    const ids = await insertProxies(test.db, 30);
    await makeDue();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).claimChecks(4, [], true)),
    );
    const claimed = claims.flat().map(({ id }) => id);
    expect(new Set(claimed).size).toBe(claimed.length);
    const rest = await store.claimChecks(100, [], true);
    expect([...claimed, ...rest.map(({ id }) => id)].sort((a, b) => a - b)).toEqual(ids);
    expect(await other.claimChecks(100, [], true)).toEqual([]);
  });

  it('tries a proxy that has cooled off by one check at a time', async () => {
    const [id = 0] = await insertProxies(test.db, 1);
    await store.apply(new Map([[id, repeat(3, use('fault'))]]));
    await makeDue();
    const claims = await Promise.all(Array.from({ length: 8 }, () => store.claimChecks(5, [], true)));
    expect(claims.flat()).toEqual([{ id, before: 'cooling', after: 'testing' }]);
    expect((await rowOf(id))?.next_in).toBeGreaterThan(50);
    // Whoever had it died: after the deadline of a check it may be had again.
    await makeDue();
    expect(await other.claimChecks(5, [], true)).toEqual([{ id, before: 'testing', after: 'testing' }]);
    await other.applyCheck(
      id,
      { kind: 'check-passed', durationMs: 40 },
      { exitAddress: '198.35.26.96', headerLeaks: ['via'] },
    );
    expect(await rowOf(id)).toMatchObject({
      status: 'testing',
      good_checks: 1,
      exit_address: '198.35.26.96',
      header_leaks: ['via'],
    });
    expect((await rowOf(id))?.next_in).toBeLessThanOrEqual(1);
    await other.applyCheck(id, { kind: 'check-passed', durationMs: 40 }, null);
    expect(await rowOf(id)).toMatchObject({ status: 'active', avg_response_time_ms: 40 });
  });

  it('passes over disabled ones, those of the caller’s choice, and passwords that nobody here can read', async () => {
    const [first = 0, second = 0, third = 0] = await insertProxies(test.db, 3);
    await makeDue();
    await store.apply(new Map([[first, [{ kind: 'disabled' }]]]));
    await test.db.query(`update proxy_pool set password_encrypted = 'v1:x' where id = $1`, [third]);
    expect(await store.claimChecks(9, [second], false)).toEqual([]);
    expect((await store.claimChecks(9, [second], true)).map(({ id }) => id)).toEqual([third]);
  });

  it('says when the next one is due, and null while there is nothing to check', async () => {
    expect(await store.nextCheckInMs()).toBeNull();
    const [id = 0] = await insertProxies(test.db, 1);
    expect(await store.nextCheckInMs()).toBeGreaterThan(3_000_000);
    await makeDue();
    expect(await store.nextCheckInMs()).toBe(0);
    await store.apply(new Map([[id, [{ kind: 'disabled' }]]]));
    expect(await store.nextCheckInMs()).toBeNull();
  });
});
