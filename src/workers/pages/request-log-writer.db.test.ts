import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Executor } from '#lib/db/create-db.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { PgSessionJournal } from '../logs/session-journal.ts';
import { RequestLogWriter, type SessionRequest } from './request-log-writer.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate session_requests'));
afterAll(() => database.drop());

const request = (more: Partial<SessionRequest> = {}): SessionRequest => ({
  sessionId: 7,
  claimNumber: 1,
  method: 'GET',
  url: 'https://example.com/list',
  status: 200,
  durationMs: 12.6,
  wireBytes: 345,
  proxyId: null,
  proxy: null,
  verdict: 'done',
  reason: null,
  snapshotSignature: null,
  ...more,
});

const read = () => database.db.query('select * from session_requests order by id');
const readColumn = async (column: string) => (await read()).map((row) => row[column]);

describe('RequestLogWriter', () => {
  it('writes by itself, in order, with the time at which each was made', async () => {
    const writer = new RequestLogWriter({ journal: new PgSessionJournal(database.db), flushMs: 20 });
    writer.write(request());
    writer.write(
      request({
        status: 403,
        proxyId: 5,
        proxy: '192.0.2.1:8080',
        verdict: 'blocked',
        reason: 'a block page \0(cloudflare-challenge)',
        snapshotSignature: 'abc',
      }),
    );
    await waitFor(async () => (await read()).length === 2);
    const [first, second] = await read();
    expect(first).toMatchObject({
      session_id: 7,
      claim_number: 1,
      status: 200,
      duration_ms: 13,
      wire_bytes: 345,
      method: 'GET',
      url: 'https://example.com/list',
      verdict: 'done',
      reason: null,
      proxy: null,
      proxy_id: null,
      snapshot_signature: null,
    });
    expect(second).toMatchObject({
      status: 403,
      proxy_id: 5,
      proxy: '192.0.2.1:8080',
      verdict: 'blocked',
      reason: 'a block page (cloudflare-challenge)',
      snapshot_signature: 'abc',
    });
  });

  it('keeps no secret of an address', async () => {
    const writer = new RequestLogWriter({ journal: new PgSessionJournal(database.db) });
    writer.write(
      request({ url: 'https://user:secret@example.com/a?api_key=secret&q=roof', reason: 'asked http://u:secret@p:1' }),
    );
    writer.write(request({ url: `https://example.com/${'a'.repeat(9_000)}` }));
    await writer.close();
    expect(JSON.stringify(await read())).not.toContain('secret');
    expect((await readColumn('url'))[0]).toBe('https://example.com/a?api_key=***&q=roof');
    expect((await readColumn('url'))[1]).toHaveLength(2_000);
  });

  it('lists so many requests of an attempt, then only problems, up to as many again, and says so', async () => {
    const writer = new RequestLogWriter({ journal: new PgSessionJournal(database.db), perAttemptMax: 3 });
    for (let count = 0; count < 5; count += 1) writer.write(request());
    for (let count = 0; count < 10; count += 1) writer.write(request({ verdict: 'blocked', status: 403 }));
    writer.write(request({ claimNumber: 2 }));
    writer.write(request({ sessionId: 8 }));
    await writer.close();
    expect(await readColumn('verdict')).toEqual([
      ...['done', 'done', 'done', 'note'],
      ...['blocked', 'blocked', 'blocked'],
      ...['done', 'done'],
    ]);
    expect((await read())[3]).toMatchObject({
      session_id: 7,
      claim_number: 1,
      url: '',
      reason: 'From here on only problems are listed: this attempt has made 3 requests',
    });
  });

  it('counts the attempts that go on, however many others there were', async () => {
    const writer = new RequestLogWriter({ journal: new PgSessionJournal(database.db), perAttemptMax: 2 });
    for (let count = 0; count < 2; count += 1) writer.write(request({ sessionId: 1 }));
    for (let session = 2; session < 100; session += 1) writer.write(request({ sessionId: session }));
    writer.write(request({ sessionId: 1 }));
    await writer.close();
    expect((await readColumn('session_id')).filter((id) => id === 1)).toHaveLength(3);
    expect((await readColumn('verdict')).filter((verdict) => verdict === 'note')).toHaveLength(1);
  });

  it('keeps requests while the database is away, drops beyond its bound, and says how many', async () => {
    let away = true;
    const db: Executor = {
      query: ((text: string, values?: readonly unknown[]) =>
        away
          ? Promise.reject(new Error('Connection terminated'))
          : database.db.query(text, values)) as Executor['query'],
    };
    const writer = new RequestLogWriter({ journal: new PgSessionJournal(db), flushMs: 10, rowsMax: 3 });
    for (let count = 0; count < 5; count += 1) writer.write(request({ status: 200 + count }));
    await writer.flush();
    expect(writer.droppedCount).toBe(2);
    away = false;
    await waitFor(async () => (await read()).length === 4);
    expect(await readColumn('status')).toEqual([200, 201, 202, null]);
    expect((await readColumn('reason')).at(-1)).toBe(
      '2 requests of this worker are not listed, because the database was away',
    );
    await waitFor(() => writer.droppedCount === 0);
  });
});
