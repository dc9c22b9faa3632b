import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { POST as postPortal } from '#app/api/portals/route.ts';
import { POST as postProxies } from '#app/api/proxies/route.ts';
import { routeParams } from '#test/api-routes.ts';
import { listPrivateTargets } from '#test/private-targets.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';

const { urls, hosts } = listPrivateTargets(8_080);
/** All targets one after the other, on a machine that does much else. */
const TIMEOUT_MS = 60_000;

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
beforeEach(() => server.context.db.query('truncate portals, proxy_pool cascade'));
afterAll(() => server.close());

const post = (handler: typeof postPortal, path: string, json: unknown) =>
  handler(apiRequest(path, { method: 'POST', json }), routeParams());

const portal = (url: string, name: string) => ({
  source: 'permits',
  kind: 'socrata',
  name,
  state: 'GA',
  url: url.endsWith('/') ? `${url}resource/abcd-1234.json` : url,
  fields: { id: 'id', date: 'date', description: 'text', address: 'address', contacts: [] },
});

const countRows = async (table: 'portals' | 'proxy_pool') =>
  (await server.context.db.query(`select count(*)::int as rows from ${table}`))[0]?.rows;

describe('POST /api/portals', () => {
  it('takes no private target, and says that the address is at fault', { timeout: TIMEOUT_MS }, async () => {
    const taken: string[] = [];
    for (const [index, url] of urls.entries()) {
      const response = await post(postPortal, '/api/portals', portal(url, `Portal ${index}`));
      const body = await response.json();
      const isRefusal = [400, 422].includes(response.status) && body.error.details?.[0]?.field === 'url';
      if (!isRefusal) taken.push(`${url}: ${response.status}`);
    }
    expect(taken).toEqual([]);
    expect(await countRows('portals')).toBe(0);
  });

  it('takes a public one', async () => {
    const response = await post(postPortal, '/api/portals', portal('https://data.example.com/', 'Public'));
    expect(response.status).toBe(201);
  });
});

describe('POST /api/proxies', () => {
  it.each(['http', 'https', 'socks5'])('takes no private %s proxy', { timeout: TIMEOUT_MS }, async (scheme) => {
    const taken: string[] = [];
    for (const host of hosts) {
      const response = await post(postProxies, '/api/proxies', { url: `${scheme}://${host}:1080` });
      if (response.status !== 400) taken.push(`${host}: ${response.status}`);
    }
    expect(taken).toEqual([]);
    expect(await countRows('proxy_pool')).toBe(0);
  });

  it('takes of a list only what is public', async () => {
    const list = [...hosts.map((host) => `${host}:1080`), '203.0.114.1:8080', 'proxy.example.com:8080'].join('\n');
    const response = await post(postProxies, '/api/proxies', { list });
    expect(await response.json()).toMatchObject({ added: 2, known: 0 });
    expect(await countRows('proxy_pool')).toBe(2);
  });
});
