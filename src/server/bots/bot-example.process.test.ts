import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { type ApiCaller, createApiCaller } from '#test/bot-client.ts';
import { type FixtureRoute, type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { findPeer } from '#test/require-peer.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
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

function startBot(...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const child = spawn(python ?? '', [BOT, '--source', 'notices', ...args], {
    env: { ...process.env, EKO_URL: http.origin, EKO_TOKEN: token, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function populate(...urls: string[]): Promise<number[]> {
  const sessions = urls.map((url) => ({ source: 'notices', location: new URL(url).pathname, params: { url } }));
  const { body } = await api.post('/api/sessions/populate', { sessions });
  return (body.sessions as { id: number }[]).map(({ id }) => id);
}

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
  }, 60_000);

  it('gives its session back on SIGTERM, and another bot goes on where it was', async () => {
    releasePage = Promise.withResolvers();
    const [id] = await populate(`${site.origin}/slow.json`);
    const bot = startBot();
    await waitFor(() => site.paths().includes('/held.json'), { timeoutMs: 30_000 });
    bot.child.kill('SIGTERM');
    releasePage.resolve();
    expect(await bot.ended, bot.output()).toBe(0);
    expect(await session(id)).toMatchObject({ status: 'pending', retryCount: 0, leadsFound: 6 });
    const next = startBot('--once', '--wait-seconds', '5');
    expect(await next.ended, next.output()).toBe(0);
    expect(await session(id)).toMatchObject({ status: 'completed', leadsFound: 9 });
    expect(site.paths().filter((file) => file === '/slow.json')).toHaveLength(1);
  }, 60_000);

  it('ends with the reason when its token is not good', async () => {
    const child = spawn(python ?? '', [BOT, '--source', 'notices'], {
      env: { ...process.env, EKO_URL: http.origin, EKO_TOKEN: 'eko_wrong' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let errors = '';
    child.stderr?.on('data', (chunk) => (errors += String(chunk)));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(errors).toContain('unknown, expired or revoked');
  });
});
