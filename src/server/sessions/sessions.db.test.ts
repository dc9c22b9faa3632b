import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countBlocks } from '#test/explained-blocks.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { cancelSession } from './cancel-session.ts';
import { countSessions, countSessionsByStatus } from './count-sessions.ts';
import { getSession } from './get-session.ts';
import { listSessionLogs } from './list-session-logs.ts';
import { listSessions } from './list-sessions.ts';
import { retrySession } from './retry-session.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
beforeEach(() =>
  server.context.db.query(
    'truncate scraping_sessions, session_batches, session_logs, scraper_metrics restart identity',
  ),
);
afterAll(() => server.close());

const enqueue = async (count: number, location = 'Georgia') =>
  (
    await server.context.queue.enqueue(Array.from({ length: count }, () => ({ source: 'permits', location })))
  ).sessions.map(({ id }) => id);
const set = (id: number | undefined, change: string) =>
  server.context.db.query(`update scraping_sessions set ${change} where id = $1`, [id]);

const makeCompleted = (count: number) =>
  server.context.db.query(
    `insert into scraping_sessions (batch_id, source, location, status)
     select gen_random_uuid(), 'permits', 'Georgia', 'completed' from generate_series(1, $1)`,
    [count],
  );

describe('listSessions', () => {
  it('pages newest first, filters, and leaves out what is long', async () => {
    const [first, second, third] = await enqueue(3);
    await enqueue(1, 'Savannah, GA');
    await set(first, `status = 'failed', error = '{"code":"network","message":"m","stack":"s","cause":"c"}'`);
    await set(second, `status = 'completed', progress = '{"message":"done","parts":[{"id":"a"}]}'`);
    const db = server.context.db;
    const page = await listSessions(db, { location: 'georgia' }, { limit: 2, after: null });
    expect(page.items.map((item) => item.id)).toEqual([third, second]);
    expect(page.items[1]?.progress).toEqual({ message: 'done' });
    expect(page.nextCursor).not.toBeNull();
    const rest = await listSessions(db, { location: 'georgia' }, { limit: 2, after: second ?? 0 });
    expect(rest).toMatchObject({ items: [{ id: first, error: { code: 'network', message: 'm' } }], nextCursor: null });
    expect(rest.items[0]?.error).not.toHaveProperty('stack');
    expect((await listSessions(db, { status: ['failed', 'completed'] }, { limit: 9, after: null })).items).toHaveLength(
      2,
    );
    expect(await countSessions(db, { status: ['pending'] })).toEqual({ count: 2, capped: false });
  });

  it('counts no further than ten thousand', async () => {
    await server.context.db.query(
      `insert into scraping_sessions (batch_id, source, location) select gen_random_uuid(), 'permits', 'x' from generate_series(1, 10001)`,
    );
    expect(await countSessions(server.context.db, {})).toEqual({ count: 10_000, capped: true });
    expect((await countSessionsByStatus(server.context.db)).pending).toEqual({ count: 10_000, capped: true });
  });

  it('finds the few that are not completed without reading the table', async () => {
    const { db } = server.context;
    await makeCompleted(60_000);
    const [, asleep, inLine, running, failed, cancelled] = await enqueue(6);
    await set(asleep, `wake_at = now() + interval '1 hour', host_key = 'data.example.com'`);
    await set(inLine, `wake_at = 'infinity', host_key = 'data.example.com'`);
    await set(running, `status = 'running', worker_id = 'worker'`);
    await set(failed, `status = 'failed'`);
    await set(cancelled, `status = 'cancelled'`);
    // Old ones wait no longer than new ones here, and the list begins with the newest.
    await makeCompleted(60_000);
    await db.query('vacuum analyze scraping_sessions');
    const counting = countBlocks(db);
    expect(await countSessionsByStatus(counting)).toMatchObject({
      pending: { count: 3, capped: false },
      running: { count: 1 },
      completed: { count: 10_000, capped: true },
      failed: { count: 1 },
      cancelled: { count: 1 },
    });
    expect(await countSessions(counting, { status: ['pending', 'failed'], location: 'geo' })).toMatchObject({
      count: 4,
    });
    const page = await listSessions(counting, { status: ['pending', 'running'] }, { limit: 9, after: null });
    expect(page.items).toHaveLength(4);
    // The table has 2,000; counting completed ones takes 200.
    expect(counting.blocks).toBeLessThan(400);
  }, 60_000);
});

describe('listSessions after a queue was emptied', () => {
  it('sees that nothing is pending without reading the table, whatever the statistics say', async () => {
    const { db } = server.context;
    await makeCompleted(60_000);
    await enqueue(1_000);
    await db.query('vacuum analyze scraping_sessions');
    await db.query(`update scraping_sessions set status = 'completed' where status = 'pending'`);
    await db.query(`select setval(pg_get_serial_sequence('scraping_sessions', 'id'), 10000000)`);
    await makeCompleted(1);
    const counting = countBlocks(db);
    const page = await listSessions(counting, { status: ['pending'] }, { limit: 9, after: null });
    expect(page).toEqual({ items: [], nextCursor: null });
    // The table has 1,000.
    expect(counting.blocks).toBeLessThan(200);
  }, 60_000);
});

describe('getSession', () => {
  it('says how many go first, and in words where it stands', async () => {
    const [, second] = await enqueue(2);
    const { id } = (await server.context.queue.enqueue([{ source: 'permits', location: 'x', priority: 9 }]))
      .sessions[0] ?? { id: 0 };
    expect(await getSession(server.context.db, second ?? 0)).toMatchObject({
      waitingAhead: 2,
      stateInWords: 'Waiting for a worker',
    });
    expect(await getSession(server.context.db, id)).toMatchObject({ waitingAhead: 0 });
  });

  it('names the host that holds a session up, until when and why, and no other', async () => {
    const [inLine = 0, asleep = 0, ready = 0] = await enqueue(3);
    const db = server.context.db;
    await db.query(`insert into host_pacing (host_key, paused_until, pause_reason) values
      ('paused.example.com', now() + interval '10 minutes', 'Five errors in a row'), ('open.example.com', null, null)`);
    await set(inLine, `wake_at = 'infinity', host_key = 'open.example.com'`);
    expect(await getSession(db, inLine)).toMatchObject({
      wakeAt: null,
      inLineFor: 'open.example.com',
      stateInWords: 'Waiting for its turn at open.example.com',
      waitingAhead: null,
      waitsFor: { hostKey: 'open.example.com', state: 'ready', until: null, reason: null },
    });
    await set(asleep, `wake_at = now() + interval '5 minutes', host_key = 'paused.example.com'`);
    const { waitsFor } = await getSession(db, asleep);
    expect(waitsFor).toMatchObject({ hostKey: 'paused.example.com', state: 'paused', reason: 'Five errors in a row' });
    expect(Date.parse(waitsFor?.until ?? '')).toBeGreaterThan(Date.now());
    await set(asleep, `host_key = 'open.example.com'`);
    expect((await getSession(db, asleep)).waitsFor).toBeNull();
    await set(ready, `host_key = 'paused.example.com'`);
    expect(await getSession(db, ready)).toMatchObject({ waitsFor: null, waitingAhead: 0 });
    await db.query('delete from host_pacing');
  });

  it('has the attempts, newest first, with the cause of an error but not its stack', async () => {
    const [id = 0] = await enqueue(1);
    await server.context.db.query(
      `insert into scraper_metrics (session_id, claim_number, source, location, outcome, error, requests_made)
       values ($1, 1, 'permits', 'x', 'retry', '{"code":"network","message":"m","cause":"c","stack":"s"}', 3), ($1, 2, 'permits', 'x', 'completed', null, 4)`,
      [id],
    );
    const { attempts } = await getSession(server.context.db, id);
    expect(attempts).toMatchObject([
      { claimNumber: 2, outcome: 'completed', requestsMade: 4 },
      { claimNumber: 1, outcome: 'retry', error: { code: 'network', message: 'm', cause: 'c' } },
    ]);
    expect(attempts[1]?.error).not.toHaveProperty('stack');
  });

  it('is 404 for an unknown one', async () => {
    await expect(getSession(server.context.db, 999)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('listSessionLogs', () => {
  it('goes on after a line, keeps a level and worse, and can begin at the end', async () => {
    const [id = 0] = await enqueue(1);
    await server.context.db.query(
      `insert into session_logs (session_id, claim_number, level, message)
       select $1, 1, (array['debug', 'info', 'warn', 'error'])[1 + n % 4], 'line ' || n from generate_series(0, 11) n`,
      [id],
    );
    const read = async (filter: Parameters<typeof listSessionLogs>[2], limit = 50) =>
      (await listSessionLogs(server.context.db, id, filter, { limit, after: null })).items.map((line) => line.message);
    expect(await read({}, 2)).toEqual(['line 0', 'line 1']);
    expect(await read({ tail: true }, 2)).toEqual(['line 10', 'line 11']);
    expect(await read({ level: 'warn' }, 3)).toEqual(['line 2', 'line 3', 'line 6']);
    const first = await listSessionLogs(server.context.db, id, {}, { limit: 1, after: null });
    expect(await read({ after: first.items[0]?.id }, 1)).toEqual(['line 1']);
    const [last] = (await listSessionLogs(server.context.db, id, { tail: true }, { limit: 1, after: null })).items;
    expect(await read({ tail: true, before: last?.id }, 2)).toEqual(['line 9', 'line 10']);
    await expect(listSessionLogs(server.context.db, 999, {}, { limit: 1, after: null })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('cancel and retry', () => {
  it('answer by what the session does', async () => {
    const [waiting = 0, running = 0, done = 0] = await enqueue(3);
    await set(running, `status = 'running', worker_id = 'w', started_at = now()`);
    await set(done, `status = 'completed', completed_at = now()`);
    const { context } = server;
    expect(await cancelSession(context, waiting)).toEqual({ id: waiting, status: 'cancelled' });
    expect(await cancelSession(context, running)).toEqual({ id: running, status: 'cancelling' });
    await expect(cancelSession(context, done)).rejects.toMatchObject({ code: 'already_finished' });
    await expect(cancelSession(context, 999)).rejects.toMatchObject({ code: 'not_found' });
    expect(await retrySession(context, done)).toEqual({ id: done, status: 'pending' });
    await expect(retrySession(context, running)).rejects.toMatchObject({ code: 'not_finished' });
    await expect(retrySession(context, 999)).rejects.toMatchObject({ code: 'not_found' });
  });
});
