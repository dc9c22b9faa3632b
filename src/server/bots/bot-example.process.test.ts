import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { type FixtureRoute, type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { findPeer } from '#test/require-peer.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';

const BOT = path.resolve(import.meta.dirname, '../../../docs/examples/bot.py');
const python = findPeer('python3');

let server: TestServerContext;
let http: ApiServer;
let api: ApiCaller;
let token: string;
let site: FixtureSite;
/** Another host, which asks for less. */
let busySite: FixtureSite;
const children: ChildProcess[] = [];

/** The answer to the second page is held until a test lets it go. */
let releasePage = Promise.withResolvers<void>();

const rows = (page: number) =>
  [1, 2, 3].map((row) => ({ id: `${page}-${row}`, name: `Person ${page} ${row}`, phone: '(404) 555-0123' }));
/** Many to a page, whose ids begin with `kind`. */
const manyRows = (kind: string, count: number, text: string) =>
  Array.from({ length: count }, (_, row) => ({ id: `${kind}-${row}`, name: `Person ${row}`, city: 'Macon', text }));
const json =
  (body: unknown): FixtureRoute =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

beforeAll(async () => {
  server = await createTestServerContext();
  http = await startApiServer();
  api = await createApiCaller();
  token = String((await api.post('/api/tokens', { name: 'example', role: 'bot', sources: ['notices'] })).body.token);
  site = await startFixtureSite({
    '/robots.txt': (_request, response) => void response.end('User-agent: *\nDisallow: /private/\n'),
    '/one.json': json({ rows: rows(1), next: '/two.json' }),
    '/two.json': json({ rows: rows(2), next: null }),
    '/slow.json': json({ rows: rows(3), next: '/held.json' }),
    '/held.json': (_request, response) =>
      void releasePage.promise.then(() => response.end(JSON.stringify({ rows: rows(4), next: '/two.json' }))),
    '/changed.json': json({ results: [] }),
    '/private/list.json': json({ rows: rows(9), next: null }),
    '/mailto.json': json({ rows: rows(5), next: 'mailto:webmaster@example.com' }),
    '/luring.json': (request, response, count) =>
      json({ rows: rows(6), next: `${busySite.origin}/lured.json` })(request, response, count),
    '/moved.json': (_request, response) =>
      void response.writeHead(302, { location: `http://localhost:${new URL(busySite.origin).port}/lured.json` }).end(),
    '/near.json': (_request, response) => void response.writeHead(302, { location: '/two.json' }).end(),
    '/endless-name.json': json({ rows: rows(7), next: `/${'x'.repeat(2_100)}.json` }),
    '/deep.json': (_request, response) => void response.end('['.repeat(100_000)),
    '/many.json': json({ rows: manyRows('small', 1_500, 'a roof'), next: '/large.json' }),
    '/large.json': json({ rows: manyRows('large', 900, 'é'.repeat(1_000)), next: null }),
  });
  busySite = await startFixtureSite({
    '/busy.json': (_request, response) => void response.writeHead(429, { 'retry-after': '77' }).end(),
  });
});
afterEach(async () => {
  releasePage.resolve();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await site.close();
  await busySite.close();
  await http.close();
  await server.close();
});

interface StartedBot {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

const startBot = (...args: string[]) => launchBot([BOT, '--source', 'notices', ...args]);

/** The same, but with less patience between two tries, so that there are many in the time of a test. */
const startEagerBot = (env: Record<string, string>, ...args: string[]) =>
  launchBot(['-c', EAGER, '--source', 'notices', ...args], { PYTHONPATH: path.dirname(BOT), ...env });

const EAGER = 'import bot; bot.DELAY_SECONDS_MAX = 0.1; bot.HAND_BACK_SECONDS = 1; bot.main()';

function launchBot(args: string[], env: Record<string, string> = {}): StartedBot {
  const child = spawn(python ?? '', ['-B', ...args], {
    env: {
      ...process.env,
      EKO_URL: http.origin,
      EKO_TOKEN: token,
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function populate(...urls: string[]): Promise<number[]> {
  const sessions = urls.map((url) => ({ source: 'notices', location: url, params: { url } }));
  const { body } = await api.post('/api/sessions/populate', { sessions });
  return (body.sessions as { id: number }[]).map(({ id }) => id);
}

const countAsked = (file: string) => site.paths().filter((asked) => asked === file).length;

const session = async (id: number | undefined) => (await api.get(`/api/sessions/${id}`)).body;

describe.skipIf(python === null)('docs/examples/bot.py', () => {
  it('works through a list page by page, obeys robots.txt and 429, and says what it could not do', async () => {
    const [list, busy, changed, forbidden] = await populate(
      `${site.origin}/one.json`,
      `${busySite.origin}/busy.json`,
      `${site.origin}/changed.json`,
      `${site.origin}/private/list.json`,
    );
    const bot = startBot('--once', '--wait-seconds', '0');
    expect(await bot.ended, bot.output()).toBe(0);
    expect(await session(list)).toMatchObject({
      status: 'completed',
      leadsFound: 6,
      statusReason: '6 leads, 6 of them new',
    });
    expect(await session(busy)).toMatchObject({
      status: 'pending',
      retryCount: 0,
      statusReason: 'the site asked for 77 s of rest',
    });
    expect(await session(changed)).toMatchObject({ status: 'failed', error: { code: 'layout_changed' } });
    expect(await session(forbidden)).toMatchObject({ status: 'failed', error: { code: 'refused' } });
    expect(site.paths()).not.toContain('/private/list.json');
    expect(site.paths().filter((file) => file === '/robots.txt')).toHaveLength(1);
    const [host] = (await api.get(`/api/hosts?text=${encodeURIComponent(busySite.host)}`)).body.items as {
      state: string;
    }[];
    expect(host?.state).toBe('backing-off');
    const [first, second] = ['/one.json', '/two.json'].map(
      (file) => site.asked.find(({ url }) => url === file)?.at ?? 0,
    );
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(1_900);
    expect((await api.get('/api/bots')).body.items).toEqual([]);
  });

  it('fails a session that cannot be done, with the reason, and goes on with the next one', async () => {
    const [bare, mailto, luring, moved, near, endless, deep, many] = await populate(
      'notices.example.com/list.json',
      `${site.origin}/mailto.json`,
      `${site.origin}/luring.json`,
      `${site.origin}/moved.json`,
      `${site.origin}/near.json`,
      `${site.origin}/endless-name.json`,
      `${site.origin}/deep.json`,
      `${site.origin}/many.json`,
    );
    const bot = startBot('--once', '--wait-seconds', '0');
    expect(await bot.ended, bot.output()).toBe(0);
    const failed = async (id: number | undefined) => {
      const { status, retryCount, error } = await session(id);
      return { status, retryCount, ...(error as { code: string; message: string }) };
    };
    const forGood = { status: 'failed', retryCount: 0 };
    expect(await failed(bare)).toMatchObject({
      ...forGood,
      code: 'bad_address',
      message: "'notices.example.com/list.json' is no http or https address",
    });
    expect(await failed(mailto)).toMatchObject({
      ...forGood,
      code: 'bad_address',
      message: "'mailto:webmaster@example.com' is no http or https address",
    });
    expect(await failed(moved)).toMatchObject({ ...forGood, code: 'bad_address' });
    expect(busySite.paths()).not.toContain('/lured.json');
    expect(await session(near)).toMatchObject({ status: 'completed', leadsFound: 3 });
    expect(await failed(luring)).toMatchObject({
      ...forGood,
      code: 'bad_address',
      message: expect.stringContaining('on another host'),
    });
    expect(busySite.paths()).not.toContain('/lured.json');
    expect(await failed(endless)).toMatchObject({ ...forGood, code: 'api_refused' });
    expect(await failed(deep)).toMatchObject({ ...forGood, code: 'layout_changed' });
    expect(await session(many), bot.output()).toMatchObject({ status: 'completed', leadsFound: 2_400 });
  });

  it('gives its session back on SIGTERM, whatever it waits for, and another bot goes on where it was', async () => {
    releasePage = Promise.withResolvers();
    const [id] = await populate(`${site.origin}/slow.json`);
    const bot = startBot();
    await waitFor(() => site.paths().includes('/held.json'), { timeoutMs: 60_000 });
    bot.child.kill('SIGTERM');
    expect(await bot.ended, bot.output()).toBe(0);
    expect(await session(id)).toMatchObject({
      status: 'pending',
      retryCount: 0,
      leadsFound: 3,
      statusReason: 'Its bot stops; goes on at its last checkpoint',
    });
    expect((await api.get('/api/bots')).body.items).toEqual([]);
    releasePage.resolve();
    const next = startBot('--once', '--wait-seconds', '5');
    expect(await next.ended, next.output()).toBe(0);
    expect(await session(id)).toMatchObject({ status: 'completed', leadsFound: 9 });
    expect(site.paths().filter((file) => file === '/slow.json')).toHaveLength(1);
  });

  it('keeps trying while the API is away, and charges nobody for it', async () => {
    const cable = await TcpFaultProxy.start({ port: http.port });
    const heldBefore = countAsked('/held.json');
    releasePage = Promise.withResolvers();
    const [id] = await populate(`${site.origin}/slow.json`);
    const bot = startEagerBot({ EKO_URL: cable.through(http.origin) }, '--once');
    try {
      await waitFor(() => countAsked('/held.json') > heldBefore, { timeoutMs: 60_000 });
      cable.set({ refuse: true });
      cable.cut();
      releasePage.resolve();
      const tries = cable.acceptedCount;
      await waitFor(() => cable.acceptedCount > tries + 30, { timeoutMs: 60_000, what: 'many tries' });
      expect(await session(id)).toMatchObject({ status: 'running', leadsFound: 3 });
      cable.heal();
      expect(await bot.ended, bot.output()).toBe(0);
    } finally {
      await cable.close();
    }
    const { attempts, ...done } = await session(id);
    expect(done).toMatchObject({ status: 'completed', retryCount: 0, leadsFound: 9 });
    expect(attempts).toHaveLength(1);
  });

  it('stops at once while the API is away, and says what it could not do', async () => {
    const cable = await TcpFaultProxy.start({ port: http.port });
    const bot = startEagerBot({ EKO_URL: cable.through(http.origin) }, '--wait-seconds', '30');
    try {
      await waitFor(() => bot.output().includes('registered'), { timeoutMs: 60_000 });
      cable.set({ blackHole: 'both' });
      const askedAt = performance.now();
      bot.child.kill('SIGTERM');
      expect(await bot.ended, bot.output()).toBe(0);
      // What it waits for would come after 30 s, or not at all.
      expect(performance.now() - askedAt).toBeLessThan(20_000);
      expect(bot.output()).toContain('could not say goodbye');
    } finally {
      await cable.close();
    }
  });

  it('waits as long as the API asks, whoever speaks in its place', async () => {
    const answers = [
      [503, { 'retry-after': '2' }, JSON.stringify({ error: { code: 'database_unavailable', message: 'away' } })],
      [429, { 'retry-after': '1' }, '<html>Slow down</html>'],
      [404, {}, '<html>No such site</html>'],
      [200, {}, '<html>Welcome to this network</html>'],
      [401, {}, JSON.stringify({ error: { code: 'not_signed_in', message: 'The token is unknown' } })],
    ] as const;
    const desk = await startFixtureSite({
      '/api/bots/register': (_request, response, count) => {
        const [status, headers, body] = answers[count] ?? answers[4];
        response.writeHead(status, headers).end(body);
      },
    });
    const bot = startEagerBot({ EKO_URL: desk.origin });
    expect(await bot.ended, bot.output()).toBe(1);
    await desk.close();
    const [first, second, third, ...others] = desk.asked.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(1_990);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(990);
    expect(others).toHaveLength(2);
    expect(bot.output()).toContain('The API refuses: The token is unknown');
  });

  it('ends with the reason when its token is revoked', async () => {
    const made = (await api.post('/api/tokens', { name: 'short', role: 'bot', sources: ['notices'] })).body;
    const bot = startEagerBot({ EKO_TOKEN: String(made.token) });
    await waitFor(() => bot.output().includes('registered'), { timeoutMs: 60_000 });
    await api.delete(`/api/tokens/${made.id}`);
    expect(await bot.ended).toBe(1);
    expect(bot.output()).toContain('unknown, expired or revoked');
  });
});
