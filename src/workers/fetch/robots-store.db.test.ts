import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { LocalRobotsStore, PgRobotsStore, type RobotsFinding, type RobotsStore } from './robots-store.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
beforeEach(() => test.db.query('truncate robots_cache'));
afterAll(() => test.drop());

const ORIGIN = 'https://example.com';
const RULES: RobotsFinding = {
  outcome: 'rules',
  httpStatus: 200,
  body: 'User-agent: *',
  reason: null,
  failures: 0,
  crawlDelayMs: 2_500,
  sitemaps: ['https://example.com/a.xml', 'https://example.com/b.xml'],
  freshForMs: 60_000,
};
const GONE: RobotsFinding = {
  outcome: 'unreachable',
  httpStatus: 503,
  body: null,
  reason: 'status 503',
  failures: 2,
  crawlDelayMs: null,
  sitemaps: [],
  freshForMs: 300_000,
};

describe.each<[string, () => RobotsStore]>([
  ['PgRobotsStore', () => new PgRobotsStore(test.db)],
  ['LocalRobotsStore', () => new LocalRobotsStore()],
])('%s', (_name, create) => {
  it('keeps what was found, and for how long it holds', async () => {
    const store = create();
    expect(await store.find(ORIGIN)).toBeNull();
    await store.save(ORIGIN, RULES);
    expect(await store.find(ORIGIN)).toEqual({ ...RULES, freshForMs: expect.closeTo(60_000, -4), lookingForMs: 0 });
    await store.save(ORIGIN, { ...GONE, freshForMs: -1_000 });
    const stale = await store.find(ORIGIN);
    expect(stale).toEqual({ ...GONE, freshForMs: expect.any(Number), lookingForMs: 0 });
    expect(stale?.freshForMs).toBeLessThan(0);
    expect(await store.find('https://example.org')).toBeNull();
  });

  it('lets one look at a time at what is unknown or stale, and nobody while a finding holds', async () => {
    const store = create();
    const claims = await Promise.all(Array.from({ length: 8 }, () => store.claimLook(ORIGIN, 60_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await store.claimLook(ORIGIN, 60_000)).toBe(false);
    const looking = await store.find(ORIGIN);
    expect(looking).toMatchObject({ outcome: 'unreachable', reason: 'not read yet', failures: 0 });
    expect(looking?.freshForMs).toBeLessThanOrEqual(0);
    expect(looking?.lookingForMs).toBeGreaterThan(30_000);
    await store.save(ORIGIN, RULES);
    expect(await store.claimLook(ORIGIN, 60_000)).toBe(false);
    expect((await store.find(ORIGIN))?.lookingForMs).toBe(0);
    await store.save(ORIGIN, { ...GONE, freshForMs: 0 });
    expect([await store.claimLook(ORIGIN, 60_000), await store.claimLook(ORIGIN, 60_000)]).toEqual([true, false]);
    // What was known while it looks: the failures so far go on counting.
    expect(await store.find(ORIGIN)).toMatchObject({ outcome: 'unreachable', failures: 2 });
  });

  it('lets the next one look when a look has run out or was given up', async () => {
    const store = create();
    expect(await store.claimLook(ORIGIN, 60_000)).toBe(true);
    await store.endLook(ORIGIN);
    expect(await store.claimLook(ORIGIN, 50)).toBe(true);
    await waitFor(async () => (await store.find(ORIGIN))?.lookingForMs === 0);
    expect(await store.claimLook(ORIGIN, 60_000)).toBe(true);
    await store.endLook('https://example.org');
    expect(await store.find('https://example.org')).toBeNull();
  });
});

describe('PgRobotsStore with eight workers', () => {
  it.each([
    ['an origin that nobody knows', async () => {}],
    ['a finding that is stale', () => new PgRobotsStore(test.db).save(ORIGIN, { ...RULES, freshForMs: -1 })],
    ['a look that has run out', () => new PgRobotsStore(test.db).claimLook(ORIGIN, -1)],
  ])('lets exactly one look at %s', async (_says, prepare) => {
    const pools = Array.from({ length: 8 }, () =>
      createDb({ connectionString: test.url, applicationName: 'eko-test-worker', max: 1 }),
    );
    try {
      // Connected before the race, so that it is one.
      await Promise.all(pools.map((db) => db.query('select 1 as one')));
      for (let round = 0; round < 10; round += 1) {
        await test.db.query('truncate robots_cache');
        await prepare();
        const claims = await Promise.all(pools.map((db) => new PgRobotsStore(db).claimLook(ORIGIN, 60_000)));
        expect(claims.filter(Boolean)).toHaveLength(1);
      }
    } finally {
      await Promise.all(pools.map((db) => db.close()));
    }
  });

  it('stores a delay of any length', async () => {
    const store = new PgRobotsStore(test.db);
    await store.save(ORIGIN, { ...RULES, crawlDelayMs: 1e18 });
    expect((await store.find(ORIGIN))?.crawlDelayMs).toBe(2_147_483_647);
  });
});
