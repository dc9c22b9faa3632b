import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Executor } from '#lib/db/create-db.ts';
import { silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { type FailedPage, PgSnapshotRows, SnapshotStore } from './snapshot-store.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate page_snapshots'));
afterAll(() => database.drop());

const newStore = ({ db = database.db as Executor, perDayMax }: { db?: Executor; perDayMax?: number } = {}) =>
  new SnapshotStore({ rows: new PgSnapshotRows(db, perDayMax), logger: silentLogger() });

const page = (more: Partial<FailedPage> = {}): FailedPage => ({
  sessionId: 7,
  source: 'permits',
  hostKey: 'example.com',
  url: 'https://example.com/list?token=secret',
  status: 403,
  headers: { server: 'AkamaiGHost', 'set-cookie': 'sid=secret', location: '/a' },
  text: '<title>Access Denied</title>',
  title: 'access denied',
  verdict: 'blocked',
  evidence: [{ rule: 'akamai-block', weight: 3, detail: 'title "access denied"' }],
  ...more,
});

const read = () => database.db.query('select * from page_snapshots order by taken_at');

describe('SnapshotStore', () => {
  it('keeps the first page of a kind, without what is private, and counts the others', async () => {
    const store = newStore();
    const signature = await store.save(page());
    expect(await store.save(page({ text: 'another', sessionId: 8 }))).toBe(signature);
    const rows = await read();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      signature,
      session_id: 7,
      seen_count: 2,
      status: 403,
      source: 'permits',
      url: 'https://example.com/list?token=***',
      verdict: 'blocked',
      evidence: page().evidence,
      headers: { server: 'AkamaiGHost', location: '/a' },
      body: '<title>Access Denied</title>',
    });
    // As exactly as the database has it: both may be of the same millisecond.
    expect(await database.db.query('select from page_snapshots where last_seen_at > taken_at')).toHaveLength(1);
    expect(Number(rows[0]?.expires_at) - Number(rows[0]?.taken_at)).toBeCloseTo(7 * 86_400_000, -4);
  });

  it('keeps pages of other kinds beside it', async () => {
    const store = newStore();
    const signatures = [
      await store.save(page()),
      await store.save(page({ status: 200 })),
      await store.save(page({ hostKey: 'x' })),
    ];
    expect(new Set(signatures).size).toBe(3);
    expect(await read()).toHaveLength(3);
  });

  it('takes two savers at once for one kind', async () => {
    const signatures = await Promise.all(
      Array.from({ length: 8 }, (_, n) => newStore().save(page({ text: `page ${n}` }))),
    );
    expect(new Set(signatures).size).toBe(1);
    expect(await read()).toMatchObject([{ seen_count: 8, body: expect.stringMatching(/^page \d$/) }]);
  });

  it('replaces a page that has expired', async () => {
    const store = newStore();
    await store.save(page());
    await store.save(page());
    await database.db.query(`update page_snapshots set expires_at = clock_timestamp() - interval '1 second',
      taken_at = taken_at - interval '8 days'`);
    await store.save(page({ text: 'new', sessionId: 9 }));
    const rows = await read();
    expect(rows).toMatchObject([{ seen_count: 1, body: 'new', session_id: 9 }]);
    expect(Number(rows[0]?.expires_at)).toBeGreaterThan(Date.now() + 6 * 86_400_000);
  });

  it('takes only so many new kinds of a source in a day, and goes on counting the known ones', async () => {
    const store = newStore({ perDayMax: 2 });
    const kinds = [400, 403, 404].map((status) => page({ status }));
    const signatures: (string | null)[] = [];
    for (const kind of kinds) signatures.push(await store.save(kind));
    expect(signatures).toEqual([expect.any(String), expect.any(String), null]);
    expect(await store.save(page({ status: 400 }))).toBe(signatures[0]);
    expect(await store.save(page({ status: 404, source: 'other' }))).toEqual(expect.any(String));
    await database.db.query(`update page_snapshots set taken_at = taken_at - interval '25 hours'`);
    expect(await store.save(page({ status: 404 }))).toEqual(expect.any(String));
  });

  it('keeps at most 64 KiB, whatever the characters, and what PostgreSQL takes', async () => {
    const store = newStore();
    await store.save(page({ text: `\0a${'ä'.repeat(100_000)}` }));
    await store.save(page({ status: 200, text: '\ud83c\udfe0'.repeat(100_000) }));
    await store.save(
      page({
        status: 201,
        text: 'half \ud83c of a character',
        headers: { 'x-\0': '\ud800\0' },
        evidence: [{ rule: 'r', weight: 1, detail: '\ud800\0' }],
      }),
    );
    const bodies = (await read()).map((row) => String(row.body));
    expect(bodies).toHaveLength(3);
    expect(bodies[0]).toBe(`a${'ä'.repeat(32_767)}`);
    expect(bodies[1]).toBe('\ud83c\udfe0'.repeat(16_384));
    expect(bodies[2]).toBe('half \ufffd of a character');
  });

  it('says nothing but null while the database is away', async () => {
    const away: Executor = { query: () => Promise.reject(new Error('Connection terminated')) };
    expect(await newStore({ db: away }).save(page())).toBeNull();
  });
});
