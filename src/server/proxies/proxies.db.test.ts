import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GET as echo } from '#app/api/echo/route.ts';
import { DELETE as removeById } from '#app/api/proxies/[id]/route.ts';
import { DELETE, GET, POST } from '#app/api/proxies/route.ts';
import { readEcho } from '#lib/echo-answer.ts';
import { deriveKey } from '#lib/secret-key.ts';
import { routeParams } from '#test/api-routes.ts';
import { insertProxies } from '#test/proxy-rows.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import type { HubMessage } from '../events/event-hub.ts';
import { addProxies } from './add-proxies.ts';
import { changeProxy, removeProxy } from './change-proxy.ts';
import { listProxies } from './list-proxies.ts';

const KEY = Buffer.alloc(32, 7);
let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext({ EKO_SECRET_KEY: KEY.toString('hex') });
});
beforeEach(() => server.context.db.query('truncate proxy_pool, proxy_host_bans'));
afterAll(() => server.close());

const list = (filter: Parameters<typeof listProxies>[1] = {}, limit = 50, after: number | null = null) =>
  listProxies(server.context.db, filter, { limit, after });
const json = async (response: Response) => ({ status: response.status, body: await response.json() });
const post = async (body: unknown) =>
  json(await POST(apiRequest('/api/proxies', { method: 'POST', json: body }), routeParams()));

describe('GET /api/proxies', () => {
  it('shows all that is known of a proxy but its password', async () => {
    await addProxies(server.context, { url: 'http://someone:hidden@proxy.example.com:8080', tier: 2 });
    const response = await GET(apiRequest('/api/proxies'), routeParams());
    const text = await response.text();
    expect(text).not.toMatch(/hidden|v1:|password_/);
    expect(JSON.parse(text)).toEqual({
      items: [
        {
          id: expect.any(Number),
          protocol: 'http',
          host: 'proxy.example.com',
          port: 8080,
          username: 'someone',
          hasPassword: true,
          status: 'testing',
          tier: 2,
          maxInflight: 4,
          successCount: 0,
          failureCount: 0,
          successRate: null,
          avgResponseTimeMs: null,
          lastCheckedAt: null,
          lastUsedAt: null,
          coolingUntil: null,
          lastError: null,
          exitAddress: null,
          sharesExitWith: 0,
          headerLeaks: [],
          bans: [],
        },
      ],
      nextCursor: null,
      counts: { testing: 1, active: 0, cooling: 0, failed: 0, disabled: 0 },
    });
  });

  it('shows bans that are in force, the longest first, and who shares an exit', async () => {
    const [a = 0, b = 0, c = 0] = await insertProxies(server.context.db, 3);
    await server.context.db.query(`update proxy_pool set exit_address = '198.35.26.96' where id = any($1)`, [[a, b]]);
    await server.context.db.query(
      `insert into proxy_host_bans (proxy_id, host_key, until, reason) values
       ($1, 'short.example.com', now() + interval '5 minutes', 'HTTP 403'), ($1, 'long.example.com', now() + interval '1 hour', 'captcha'),
       ($1, 'over.example.com', now() - interval '1 second', 'HTTP 403')`,
      [a],
    );
    const { items } = await list();
    expect(items.map(({ id, sharesExitWith }) => [id, sharesExitWith])).toEqual([
      [a, 1],
      [b, 1],
      [c, 0],
    ]);
    expect(items[0]?.bans).toEqual([
      { hostKey: 'long.example.com', until: expect.stringMatching(/^\d{4}-.*Z$/), reason: 'captcha' },
      { hostKey: 'short.example.com', until: expect.any(String), reason: 'HTTP 403' },
    ]);
    const until = Date.parse(items[0]?.bans[0]?.until ?? '');
    expect(Math.abs(until - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  it('filters, pages, and counts all states whatever the filters say', async () => {
    await insertProxies(server.context.db, 3);
    await insertProxies(server.context.db, 2, { status: 'failed' });
    await addProxies(server.context, { url: 'socks5://Someone@needle.example.com' });
    const first = await list({ status: ['active', 'failed'] }, 4);
    expect(first.items).toHaveLength(4);
    expect(first.nextCursor).not.toBeNull();
    const rest = await list({ status: ['active', 'failed'] }, 4, first.items.at(-1)?.id);
    expect(rest.items).toMatchObject([{ status: 'failed' }]);
    expect(rest.counts).toEqual({ testing: 1, active: 3, cooling: 0, failed: 2, disabled: 0 });
    for (const text of ['NEEDLE', 'socks5://needle', ':1080', 'someone']) {
      expect((await list({ text })).items.map(({ host }) => host)).toEqual(['needle.example.com']);
    }
    expect((await list({ text: '%' })).items).toEqual([]);
  });
});

describe('POST /api/proxies', () => {
  it('adds one, knows it the second time, and tells pages and workers', async () => {
    const heard: HubMessage[] = [];
    const unsubscribe = server.context.hub.subscribe((message) => heard.push(message));
    await waitFor(() => server.context.hub.databaseState === 'ok');
    heard.length = 0;
    expect(await post({ url: 'proxy.example.com:8080' })).toEqual({
      status: 201,
      body: { added: 1, known: 0, problems: [] },
    });
    expect(await post({ url: 'http://proxy.example.com:8080' })).toEqual({
      status: 200,
      body: { added: 0, known: 1, problems: [] },
    });
    await waitFor(() => heard.some((message) => message.kind === 'change' && message.event.topics.includes('proxies')));
    unsubscribe();
  });

  it('imports a list and tells by line what it cannot use, without passwords', async () => {
    const { status, body } = await post({
      list: 'a.example.com:80:user:hidden\n\nb.example.com:x:user:hidden\nhttp://127.0.0.1:80',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ added: 1, known: 0, problems: [{ line: 3 }, { line: 4 }] });
    expect(JSON.stringify(body)).not.toContain('hidden');
  });

  it.each<[string, unknown, string]>([
    ['an address that is none', { url: 'http://user:hidden@proxy.example.com:99999' }, 'url'],
    ['a private address', { url: 'http://10.0.0.1:3128' }, 'url'],
    ['another scheme', { url: 'ftp://user:hidden@proxy.example.com' }, 'url'],
    ['neither', {}, 'url'],
    ['both', { url: 'a.example.com:80', list: 'a.example.com:80' }, 'url'],
    ['a wrong tier', { url: 'a.example.com:80', tier: 101 }, 'tier'],
    ['a field that nobody knows', { url: 'a.example.com:80', password: 'hidden' }, 'password'],
  ])('refuses %s with 400 that names the field', async (_what, input, field) => {
    const { status, body } = await post(input);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 'invalid_request', details: [{ field }] } });
    expect(JSON.stringify(body)).not.toContain('hidden');
    expect((await list()).items).toEqual([]);
  });

  it('says where no key is set that a password cannot be kept', async () => {
    const context = { ...server.context, env: { ...server.context.env, EKO_SECRET_KEY: undefined } };
    await expect(addProxies(context, { url: 'http://user:hidden@proxy.example.com:80' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/^(?!.*hidden).*EKO_SECRET_KEY is not set/),
    });
    expect(await addProxies(context, { list: 'a.example.com:80\nb.example.com:80:user:hidden' })).toMatchObject({
      added: 1,
      problems: [{ line: 2 }],
    });
  });
});

describe('a change of one proxy', () => {
  it('tests it now, and shows it as it is then', async () => {
    const [id = 0] = await insertProxies(server.context.db, 1, { status: 'failed' });
    expect(await changeProxy(server.context, id, 'test')).toMatchObject({ id, status: 'testing' });
    const due = await server.context.db.query('select 1 from proxy_pool where next_check_at <= clock_timestamp()');
    expect(due).toHaveLength(1);
  });

  it('disables and enables it, and tests no disabled one', async () => {
    const [id = 0] = await insertProxies(server.context.db, 1);
    expect(await changeProxy(server.context, id, 'disable')).toMatchObject({ status: 'disabled' });
    await expect(changeProxy(server.context, id, 'test')).rejects.toMatchObject({ code: 'proxy_disabled' });
    expect(await changeProxy(server.context, id, 'enable')).toMatchObject({ status: 'testing' });
  });

  it('removes it under either address', async () => {
    const [a = 0, b = 0] = await insertProxies(server.context.db, 2);
    const byPath = await removeById(apiRequest(`/api/proxies/${a}`, { method: 'DELETE' }), routeParams(String(a)));
    expect(await json(byPath)).toEqual({ status: 200, body: { removed: a } });
    const byQuery = await DELETE(apiRequest(`/api/proxies?id=${b}`, { method: 'DELETE' }), routeParams());
    expect(await json(byQuery)).toEqual({ status: 200, body: { removed: b } });
    expect((await list()).items).toEqual([]);
  });

  it('of an unknown one is 404', async () => {
    for (const change of ['test', 'disable', 'enable'] as const) {
      await expect(changeProxy(server.context, 999, change)).rejects.toMatchObject({ code: 'not_found' });
    }
    await expect(removeProxy(server.context, 999)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('GET /api/echo', () => {
  const ask = (query: string, headers: Record<string, string> = {}) =>
    echo(apiRequest(`/api/echo${query}`, { token: null, headers }), routeParams());
  const nonce = 'c0ffee'.repeat(5);

  it('says, signed and never to be cached, what a request looks like', async () => {
    const response = await ask(`?nonce=${nonce}`, {
      'x-forwarded-for': '10.0.0.7, ::ffff:198.35.26.96',
      via: '1.1 cellar',
      cookie: 'eko_session=secret',
      'x-real-ip': 'x'.repeat(5_000),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = Buffer.from(await response.arrayBuffer());
    expect(readEcho(body, nonce, deriveKey(KEY, 'echo-signature'))).toEqual({
      kind: 'ours',
      answer: {
        nonce,
        address: '198.35.26.96',
        headers: {
          'x-forwarded-for': '10.0.0.7, ::ffff:198.35.26.96',
          via: '1.1 cellar',
          'x-real-ip': 'x'.repeat(200),
        },
        signature: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(body.length).toBeLessThan(1_000);
  });

  it.each(['', '?nonce=', '?nonce=abc', `?nonce=${'0'.repeat(65)}`, '?nonce=not-hex-not-hex-not-hex'])(
    'refuses "%s"',
    async (query) => {
      const response = await ask(query);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { details: [{ field: 'nonce' }] } });
    },
  );
});
