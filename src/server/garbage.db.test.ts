import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRoute, findApiRoutes, routeParams } from '#test/api-routes.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';

const LONG = 'x'.repeat(100_000);
const DEEP = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
const NASTY_TEXTS = [
  '\u0000',
  '\ud800',
  "' or 1=1 --",
  '💥'.repeat(60),
  '-1',
  '1e9',
  '9'.repeat(40),
  '../../etc/passwd',
  '%',
  '{}',
];
const NASTY_VALUES: unknown[] = [
  ...NASTY_TEXTS,
  null,
  true,
  1e308,
  -5,
  1.5,
  [],
  [[]],
  {},
  { a: 1 },
  [null],
  LONG.slice(0, 50_000),
];

const PORTAL = {
  source: 'permits',
  kind: 'socrata',
  name: 'Garbage County',
  state: 'GA',
  url: 'https://data.example.com/resource/abcd-1234.json',
  fields: { id: 'id', date: 'date', description: 'text', address: 'address', contacts: [] },
};

let server: TestServerContext;
let routes: ApiRoute[];
beforeAll(async () => {
  server = await createTestServerContext({ EKO_SECRET_KEY: 'ab'.repeat(32) });
  routes = await findApiRoutes();
});
afterAll(() => server.close());

function routeOf(name: string): ApiRoute {
  const found = routes.find((route) => `${route.method} ${route.path}` === name);
  if (!found) throw new Error(`There is no route ${name}`);
  return found;
}

async function send(name: string, init: Parameters<typeof apiRequest>[1], query = '', id = '1') {
  const { method, path, handler } = routeOf(name);
  const response = await handler(apiRequest(`${path}${query}`, { method, ...init }), routeParams(id));
  const body: unknown = response.headers.get('content-type')?.includes('event-stream') ? null : await response.json();
  return { status: response.status, text: JSON.stringify(body) };
}

const POSTS: [string, Record<string, unknown>][] = [
  [
    'POST /api/scraping/trigger',
    { location: 'Georgia', sources: ['permits'], priority: 1, params: {}, maxRetries: 1, idempotencyKey: 'k' },
  ],
  ['POST /api/portals', { ...PORTAL, county: 'Garbage', city: 'Garbage', signal: 'solar', rateLimit: 1 }],
  ['POST /api/proxies', { url: 'http://proxy.example.com:8080', tier: 1 }],
  [
    'POST /api/schedules',
    { name: 'n', cron: '0 7 * * *', timeZone: 'UTC', targets: [{ source: 'simulated', location: 'x' }], batchSize: 1 },
  ],
  ['POST /api/auth/sign-in', { token: 'wrong' }],
  ['POST /api/tokens', { name: 'Garbage', role: 'bot', sources: ['permits'], expiresInDays: 1 }],
  ['POST /api/bots/register', { name: 'Garbage', sources: ['permits'], concurrency: 1, version: '1', hostname: 'h' }],
  ['POST /api/bots/heartbeat', { botId: 'bot-nobody', sessions: [] }],
  ['POST /api/sessions/claim', { botId: 'bot-nobody', sources: ['permits'], limit: 1, waitSeconds: 0 }],
  ['POST /api/sessions/populate', { sessions: [{ source: 'permits', location: 'Georgia' }], idempotencyKey: 'k' }],
  [
    'POST /api/sessions/[id]/complete',
    { claimNumber: 1, botId: 'bot-x', leads: [], cursor: 1, progress: {}, stats: {} },
  ],
  ['POST /api/sessions/[id]/fail', { claimNumber: 1, error: 'It failed', retryable: true, stats: {} }],
  ['POST /api/sessions/[id]/release', { claimNumber: 1, reason: 'stopping', afterSeconds: 1, stats: {} }],
];
const SIGN_IN_HEADERS = { 'sec-fetch-site': 'same-origin' };

describe('bodies', () => {
  it.each(POSTS)('%s answers every wrong body with a 4xx', async (name) => {
    const bodies: [string, string, number[]][] = [
      ['', 'application/json', [400]],
      ['{', 'application/json', [400]],
      ['nonsense', 'application/json', [400]],
      ['[]', 'application/json', [400]],
      ['"text"', 'application/json', [400]],
      ['null', 'application/json', [400]],
      [DEEP, 'application/json', [400]],
      [`{"location":${DEEP}}`, 'application/json', [400]],
      ['{"__proto__":{"polluted":true}}', 'application/json', [400]],
      ['{}', 'text/plain', [415]],
      ['a=b', 'application/x-www-form-urlencoded', [415]],
      [JSON.stringify({ location: 'x'.repeat(5_000_000) }), 'application/json', [413]],
    ];
    for (const [body, type, allowed] of bodies) {
      const answer = await send(name, { body, headers: { 'content-type': type, ...SIGN_IN_HEADERS } });
      expect(allowed, `${body.slice(0, 40)} → ${answer.status} ${answer.text.slice(0, 200)}`).toContain(answer.status);
    }
    expect({}).not.toHaveProperty('polluted');
  });

  it.each(POSTS)('%s names the field that is wrong, whatever is in it', async (name, good) => {
    for (const field of Object.keys(good)) {
      for (const value of NASTY_VALUES) {
        const answer = await send(name, { json: { ...good, [field]: value }, headers: SIGN_IN_HEADERS });
        const shown = `${field} = ${JSON.stringify(value)?.slice(0, 40)} → ${answer.status} ${answer.text.slice(0, 200)}`;
        expect(answer.status, shown).toBeLessThan(500);
        // Other fields of the request may be at fault too (an unknown place, a host that is refused); never none.
        if (answer.status >= 400 && answer.status !== 409 && answer.status !== 429)
          expect(answer.text, shown).toMatch(/"field":"\w/);
        if (answer.status === 400) expect(answer.text, shown).toContain(`"field":"${field}`);
      }
    }
  });

  it('refuses fields that nobody knows, by name', async () => {
    const answer = await send('POST /api/scraping/trigger', {
      json: { location: 'Georgia', locaton: 'x', status: 'completed' },
    });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"field":"locaton"');
    expect(answer.text).toContain('"field":"status"');
  });

  it('stops reading an endless body at the limit', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    const { method, path, handler } = routeOf('POST /api/scraping/trigger');
    const init: RequestInit & { duplex: 'half' } = {
      method,
      body: endless,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    };
    const response = await handler(apiRequest(path, init), routeParams());
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(200_000);
  });
});

/** Routes whose ids are names, and what can be one. */
const NAMES: Record<string, RegExp> = {
  '/api/portals': /^[a-z0-9]{1,199}$/,
  '/api/hosts': /^[\x21-\x7e]{1,300}$/,
  // Any text may be the name of a machine.
  '/api/nodes': /^/,
  '/api/bots': /^[a-z0-9][a-z0-9.-]{0,199}$/,
};

/** What a request about an id must say besides, so that the id alone is what is wrong with it. */
function bodyFor(path: string): unknown {
  if (path.endsWith('/scale')) return { workers: 1 };
  if (path.endsWith('/slot')) return { claimNumber: 1, url: 'https://data.example.com/' };
  if (path.endsWith('/slot/release')) return { claimNumber: 1, slotId: 1, result: 'served' };
  if (path.endsWith('/fail')) return { claimNumber: 1, error: 'It failed' };
  return /\/(start|checkpoint|complete|release)$/.test(path) ? { claimNumber: 1 } : undefined;
}

describe('ids and queries', () => {
  it('every route with an id answers a wrong one with 400 that names it, and an unknown one with 404', async () => {
    for (const route of routes.filter(({ path }) => path.includes('[id]'))) {
      const name = `${route.method} ${route.path}`;
      const isName = Object.entries(NAMES).find(([start]) => route.path.startsWith(start))?.[1];
      for (const id of [
        '',
        '0',
        '-1',
        '1.5',
        'abc',
        'ABC',
        '1e3',
        '9007199254740993',
        '9'.repeat(30),
        ' 1',
        '1;drop',
        '\u0000',
        LONG,
      ]) {
        if (isName?.test(id)) continue;
        const answer = await send(name, {}, '', id);
        expect(answer.status, `${name} "${id.slice(0, 30)}" → ${answer.text.slice(0, 200)}`).toBe(400);
        expect(answer.text).toContain('"field":"id"');
      }
      const json = bodyFor(route.path);
      const unknown = await send(name, json === undefined ? {} : { json }, '', isName ? 'no-such' : '9007199254740991');
      expect(unknown.status, name).toBe(404);
    }
  });

  it.each(['GET /api/sessions', 'GET /api/leads', 'GET /api/proxies', 'GET /api/sessions/[id]/logs'])(
    '%s names a wrong limit, cursor or filter',
    async (name) => {
      const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const wrong: [string, string[]][] = [
        ['limit', ['0', '201', '-1', 'x', '1.5', '9'.repeat(30)]],
        [
          'cursor',
          [
            'x',
            '!',
            LONG,
            cursor(null),
            cursor([]),
            cursor({ after: '1' }),
            cursor({ after: -1 }),
            cursor({ after: 1e300 }),
          ],
        ],
        ['nonsense', ['1']],
      ];
      for (const [field, values] of wrong) {
        for (const value of values) {
          const answer = await send(name, {}, `?${field}=${encodeURIComponent(value)}`);
          expect(answer.status, `${field}=${value.slice(0, 30)} ${answer.text.slice(0, 200)}`).toBe(400);
          expect(answer.text).toContain(`"field":"${field}"`);
        }
      }
    },
  );
});

describe('filters', () => {
  it('no value of any is an error of ours', async () => {
    const fields: [string, string[]][] = [
      ['GET /api/sessions', ['status', 'source', 'location', 'batchId']],
      ['GET /api/sessions/counts', ['status', 'source', 'location', 'batchId']],
      ['GET /api/sessions/[id]/logs', ['level', 'after', 'tail']],
      ['GET /api/sessions/[id]/requests', ['problems']],
      [
        'GET /api/leads',
        [
          'source',
          'location',
          'sessionId',
          'batchId',
          'text',
          'portal',
          'signal',
          'role',
          'hasPhone',
          'hasEmail',
          'state',
          'city',
          'demo',
        ],
      ],
      ['GET /api/proxies', ['status', 'text']],
      ['GET /api/echo', ['nonce']],
      ['DELETE /api/portals', ['id']],
      ['DELETE /api/proxies', ['id']],
      ['GET /api/leads/export', ['format', 'text', 'sessionId']],
    ];
    for (const [name, names] of fields) {
      for (const field of names) {
        for (const value of [...NASTY_TEXTS, LONG]) {
          const { method, path, handler } = routeOf(name);
          const query = `?${field}=${encodeURIComponent(value.toWellFormed())}`;
          const response = await handler(apiRequest(`${path}${query}`, { method }), routeParams());
          const text = await response.text();
          const shown = `${name} ${field}=${value.slice(0, 30)} → ${response.status} ${text.slice(0, 200)}`;
          expect(response.status, shown).toBeLessThan(500);
          if (response.status === 400) expect(text, shown).toContain(`"field":"${field}"`);
        }
      }
    }
  });
});
