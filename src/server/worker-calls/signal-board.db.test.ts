import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import { QUEUE_CHANNEL, QUEUE_SIGNALS } from '#workers/queue/queue-notifier.ts';
import type { SignalMark } from '#workers/remote/calls/lease-calls.ts';
import { ServerClient } from '#workers/remote/server-client.ts';
import { WAITING_PER_TOKEN_MAX } from './signal-board.ts';

/** Longer than any test: a call that ends earlier was ended. */
const LONG_MS = 25_000;

let server: TestServerContext;
let http: ApiServer;
let api: ApiCaller;
let token: { id: number; token: string };
let client: ServerClient;
const clients: ServerClient[] = [];

beforeAll(async () => {
  server = await createTestServerContext();
  http = await startApiServer();
  api = await createApiCaller();
});
afterAll(async () => {
  await http.close();
  await server.close();
});
beforeEach(async () => {
  token = await makeToken();
  client = clientOf(token.token);
});
afterEach(async () => {
  for (const one of clients.splice(0)) await one.close();
  await waitFor(() => server.context.signals.waitingCount === 0, { what: 'no call to wait' });
});

async function makeToken(): Promise<{ id: number; token: string }> {
  const { body } = await api.post('/api/tokens', { name: 'cellar', role: 'worker' });
  return { id: Number(body.id), token: String(body.token) };
}

function clientOf(token: string, connectionsMax = 8): ServerClient {
  const made = new ServerClient({ serverUrl: http.origin, token, connectionsMax, timeoutMs: 2 * LONG_MS });
  clients.push(made);
  return made;
}

const ask = (marks: SignalMark[], waitMs = LONG_MS, by = client) => by.call('awaitSignals', { marks, waitMs });
const tell = (signal: string) => server.database.db.query('select pg_notify($1, $2)', [QUEUE_CHANNEL, signal]);
const waiting = (count: number) =>
  waitFor(() => server.context.signals.waitingCount === count, { what: `${count} calls to wait` });

/** How far everything is heard that was told so far, the process's own start of listening included. */
async function markNow(): Promise<SignalMark> {
  let { mark } = await ask([]);
  await waitFor(() => server.context.hub.databaseState === 'ok');
  for (let told = await ask([mark], 0); told.signals.length > 0; told = await ask([mark], 0)) mark = told.mark;
  return mark;
}

/** Tells it and comes back when the server has heard it. */
async function tellAll(...signals: string[]): Promise<void> {
  let { mark } = await ask([]);
  for (const signal of signals) {
    const heard = ask([mark]);
    await tell(signal);
    ({ mark } = await heard);
  }
}

const refusal = (error: unknown) => error;
const listeningConnections = async () =>
  (
    await server.database.db.query(
      `select from pg_stat_activity where application_name = 'eko-web-events' and datname = current_database()`,
    )
  ).length;

describe('a call that waits for signals of the queue', () => {
  it.each(QUEUE_SIGNALS)('is answered with "%s" when it is told', async (signal) => {
    const mark = await markNow();
    const news = ask([mark]);
    await waiting(1);
    await tell(signal);
    expect(await news).toEqual({ mark: { ...mark, position: mark.position + 1 }, signals: [signal] });
  });

  it('is answered when a session is enqueued', async () => {
    const mark = await markNow();
    const news = ask([mark]);
    await waiting(1);
    await server.context.queue.enqueue([{ source: 'permits', location: 'Georgia' }]);
    expect(await news).toMatchObject({ signals: ['ready'] });
  });

  it('is answered with nothing when its time is over', async () => {
    const mark = await markNow();
    expect(await ask([mark], 50)).toEqual({ mark, signals: [] });
  });

  it('loses nothing that was told since the call before, and tells it once', async () => {
    const mark = await markNow();
    await tellAll('cancel', 'cancel', 'order');
    const news = await ask([mark], 0);
    expect(news).toEqual({ mark: { ...mark, position: mark.position + 3 }, signals: ['cancel', 'order'] });
    expect(await ask([news.mark], 0)).toEqual({ ...news, signals: [] });
  });

  it('tells who was answered by other processes only that it may have missed something', async () => {
    const mark = await markNow();
    const others = [1, 2].map((position) => ({ process: crypto.randomUUID(), position }));
    expect(await ask([])).toEqual({ mark, signals: ['ready'] });
    expect(await ask(others)).toEqual({ mark, signals: ['ready'] });
    expect(await ask([...others, mark], 0)).toEqual({ mark, signals: [] });
  });

  it('tells that something may have been missed when the connection that listens was lost', async () => {
    const news = ask([await markNow()]);
    await waiting(1);
    await server.database.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'eko-web-events'
        and datname = current_database()`,
    );
    expect(await news).toMatchObject({ signals: ['ready'] });
  });

  it('passes on nothing that is no signal', async () => {
    const mark = await markNow();
    const news = ask([mark]);
    await waiting(1);
    await tell('nonsense');
    await tell('order');
    expect(await news).toMatchObject({ mark: { position: mark.position + 1 }, signals: ['order'] });
  });

  it('is forgotten when its caller has gone', async () => {
    const mark = await markNow();
    const leaving = clientOf(token.token);
    const news = ask([mark], LONG_MS, leaving).catch(refusal);
    await waiting(1);
    await leaving.close();
    await waiting(0);
    expect(await news).toBeInstanceOf(Error);
  });

  it.each([
    ['is revoked by this process', () => api.delete(`/api/tokens/${token.id}`)],
    ['is revoked elsewhere', () => changeToken('revoked_at')],
    ['expires', () => changeToken('expires_at')],
    ['is deleted', () => server.database.db.query('delete from api_tokens where id = $1', [token.id])],
  ])('ends soon when its token %s, and those of others do not', async (_how, end) => {
    const mark = await markNow();
    const other = ask([mark], LONG_MS, clientOf((await makeToken()).token));
    const news = ask([mark]).catch(refusal);
    await waiting(2);
    await end();
    expect(await news).toMatchObject({ message: expect.stringContaining('401') });
    await tell('order');
    expect(await other).toMatchObject({ signals: ['order'] });
  });
});

const changeToken = (column: string) =>
  server.database.db.query(`update api_tokens set ${column} = clock_timestamp() where id = $1`, [token.id]);

describe('many calls that wait', () => {
  it('hold no connection to the database, hear by one that listens, and no more of a token wait than may', async () => {
    const mark = await markNow();
    const crowd = clientOf(token.token, WAITING_PER_TOKEN_MAX);
    const all = Array.from({ length: WAITING_PER_TOKEN_MAX }, () => ask([mark], LONG_MS, crowd));
    await waiting(WAITING_PER_TOKEN_MAX);
    await expect(ask([mark])).rejects.toThrow('429');
    const other = ask([mark], LONG_MS, clientOf((await makeToken()).token));
    await waiting(WAITING_PER_TOKEN_MAX + 1);
    expect((await api.get('/api/sessions')).status).toBe(200);
    expect(await listeningConnections()).toBe(1);
    await tell('cancel');
    for (const news of await Promise.all([...all, other])) expect(news.signals).toEqual(['cancel']);
  });
});

describe('a server that is told to stop', () => {
  it('waits for no call that waits, and lets none begin to', async () => {
    const mark = await markNow();
    const crowd = clientOf(token.token, 50);
    const all = Promise.all(Array.from({ length: 50 }, () => ask([mark], LONG_MS, crowd).catch(refusal)));
    await waiting(50);
    const startedAtMs = performance.now();
    server.context.signals.stop();
    await http.drain();
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    for (const error of await all) expect(error).toMatchObject({ message: expect.stringContaining('503') });
    http = await startApiServer();
    await expect(ask([mark], LONG_MS, clientOf(token.token))).rejects.toThrow('503');
  });
});
