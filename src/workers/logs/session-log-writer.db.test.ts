import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Executor } from '#lib/db/create-db.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { PgSessionJournal } from './session-journal.ts';
import { type SessionLogLine, SessionLogWriter } from './session-log-writer.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate session_logs'));
afterAll(() => database.drop());

const line = (message: string): SessionLogLine => ({ sessionId: 7, claimNumber: 1, level: 'info', message });

const read = () =>
  database.db.query<{ message: string; level: string; context: unknown; age: number }>(
    `select message, level, context, extract(epoch from clock_timestamp() - at)::float8 as age from session_logs order by id`,
  );

/** The database, with a switch that makes it fail. */
function switchable(): { db: Executor; away: boolean } {
  const state = {
    away: true,
    db: {
      query: ((text: string, values?: readonly unknown[]) => {
        if (state.away) return Promise.reject(new Error('Connection terminated unexpectedly'));
        return database.db.query(text, values);
      }) as Executor['query'],
    },
  };
  return state;
}

describe('SessionLogWriter', () => {
  it('writes by itself, in order, with details, whatever the text holds', async () => {
    const writer = new SessionLogWriter({
      journal: new PgSessionJournal(database.db),
      workerId: 'worker',
      flushMs: 20,
    });
    writer.write(line('one'));
    writer.write({ ...line('two \0 "quoted" {a,b}'), details: { url: 'https://example.com', list: [1, '\0'] } });
    await waitFor(async () => (await read()).length === 2);
    expect((await read()).map(({ age: _age, ...rest }) => rest)).toEqual([
      { message: 'one', level: 'info', context: null },
      { message: 'two  "quoted" {a,b}', level: 'info', context: { url: 'https://example.com', list: [1, ''] } },
    ]);
  });

  it('writes what hostile pages hold', async () => {
    const writer = new SessionLogWriter({ journal: new PgSessionJournal(database.db), workerId: 'worker' });
    const error = { 'a\0': JSON.parse('"\\ud800"'), cut: '\u{1f600}'.slice(0, 1), '\udc00': 1 };
    writer.write({ ...line('half a pair \ud83d'), details: { error } });
    await writer.flush();
    expect(await read()).toMatchObject([
      { message: 'half a pair \ufffd', context: { error: { a: '\ufffd', cut: '\ufffd', '\ufffd': 1 } } },
    ]);
  });

  it('drops a line that is refused, and no other', async () => {
    const refused: unknown[] = [];
    const journal = new PgSessionJournal(database.db);
    const onRefused = (error: unknown) => refused.push(error);
    const writer = new SessionLogWriter({ journal, workerId: 'worker', onRefused });
    const numbers = Array.from({ length: 1_200 }, (_, count) => count);
    const isOdd = (count: number) => count === 0 || count === 700;
    for (const count of numbers) writer.write({ ...line(String(count)), claimNumber: isOdd(count) ? 2 ** 40 : 1 });
    await writer.flush();
    const kept = (await read()).map(({ message }) => Number(message));
    expect(kept).toEqual(numbers.filter((count) => !isOdd(count)));
    expect(refused).toMatchObject([{ code: '22003' }, { code: '22003' }]);
    expect(writer.droppedCount).toBe(0);
  });

  it('keeps the order of more lines than one batch holds', async () => {
    const writer = new SessionLogWriter({ journal: new PgSessionJournal(database.db), workerId: 'worker' });
    for (let count = 0; count < 1_200; count += 1) writer.write(line(String(count)));
    await writer.close();
    expect((await read()).map(({ message }) => Number(message))).toEqual(Array.from({ length: 1_200 }, (_, i) => i));
  });

  it('keeps lines while the database is away, drops beyond its bound, and says how many', async () => {
    const away = switchable();
    const writer = new SessionLogWriter({
      journal: new PgSessionJournal(away.db),
      workerId: 'worker',
      flushMs: 10,
      linesMax: 3,
    });
    for (let count = 0; count < 5; count += 1) writer.write(line(String(count)));
    await writer.flush();
    expect(writer.droppedCount).toBe(2);
    away.away = false;
    await waitFor(async () => (await read()).length === 4);
    expect((await read()).map(({ message }) => message)).toEqual([
      '0',
      '1',
      '2',
      '2 log lines of this worker were dropped while the database was away',
    ]);
    await waitFor(() => writer.droppedCount === 0);
  });

  it('does not hold up the end of a worker when the database is away', async () => {
    const hanging: Executor = { query: () => new Promise(() => {}) };
    const writer = new SessionLogWriter({ journal: new PgSessionJournal(hanging), workerId: 'worker' });
    writer.write(line('never written'));
    await writer.close(20);
  });
});
