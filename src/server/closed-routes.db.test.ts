import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRoute, findApiRoutes, routeParams } from '#test/api-routes.ts';
import { apiRequest, createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { createBrowserSession } from './auth/browser-session.ts';

const OPEN = ['GET /healthz', 'GET /api/echo', 'GET /sign-in/link', 'POST /api/auth/sign-in'];

let server: TestServerContext;
let routes: ApiRoute[];

beforeAll(async () => {
  server = await createTestServerContext();
  routes = await findApiRoutes();
});
afterAll(() => server.close());

const call = (route: ApiRoute, init: Parameters<typeof apiRequest>[1]) =>
  route.handler(apiRequest(route.path, { method: route.method, ...init }), routeParams());

const closed = () => routes.filter((route) => !OPEN.includes(`${route.method} ${route.path}`));
const nameOf = (route: ApiRoute) => `${route.method} ${route.path}`;

describe('every route', () => {
  it('is closed to nobody, to wrong tokens and to made-up cookies, except the four that must be open', async () => {
    expect(closed().length).toBeGreaterThan(20);
    const strangers: Parameters<typeof apiRequest>[1][] = [
      { token: null },
      { token: 'wrong' },
      { token: null, headers: { cookie: `eko_session=${'A'.repeat(43)}`, 'sec-fetch-site': 'same-origin' } },
      { token: null, headers: { authorization: 'Basic dXNlcjpwYXNz' } },
    ];
    for (const route of closed()) {
      for (const stranger of strangers) {
        const response = await call(route, stranger);
        expect(`${nameOf(route)} ${response.status}`).toBe(`${nameOf(route)} 401`);
        expect(await response.json()).toMatchObject({ error: { code: 'not_signed_in' } });
      }
    }
  });

  it('refuses a viewer what changes something, and a bot everything', async () => {
    const cookieOf = async (role: 'viewer' | 'bot') => ({
      cookie: `eko_session=${await createBrowserSession(server.context.db, role)}`,
      'sec-fetch-site': 'same-origin',
    });
    const viewer = await cookieOf('viewer');
    const bot = await cookieOf('bot');
    const mayView = ['POST /api/auth/sign-out'];
    for (const route of closed()) {
      if (mayView.includes(nameOf(route)) || route.path.includes('[...path]')) continue;
      const asBot = await call(route, { token: null, headers: bot });
      expect(`${nameOf(route)} ${asBot.status}`).toBe(`${nameOf(route)} 403`);
      if (route.method === 'GET') continue;
      const asViewer = await call(route, { token: null, headers: viewer });
      expect(`${nameOf(route)} ${asViewer.status}`).toBe(`${nameOf(route)} 403`);
    }
  });

  it('with a cookie takes unsafe requests from our own pages only', async () => {
    const token = await createBrowserSession(server.context.db, 'admin');
    const cookie = `eko_session=${token}`;
    const own = 'http://dashboard.example.com';
    const cases: [string, Record<string, string>, boolean][] = [
      ['same-origin fetch', { 'sec-fetch-site': 'same-origin' }, true],
      ['typed by the user', { 'sec-fetch-site': 'none' }, true],
      ['own origin, old browser', { origin: own }, true],
      ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.com' }, false],
      ['another site that forges the origin', { 'sec-fetch-site': 'cross-site', origin: own }, false],
      ['a sister site', { 'sec-fetch-site': 'same-site', origin: 'http://other.example.com' }, false],
      ['foreign origin, old browser', { origin: 'https://evil.example.com' }, false],
      [
        'foreign origin and forwarded host',
        { origin: 'https://evil.example.com', 'x-forwarded-host': 'evil.example.com' },
        false,
      ],
      ['another port', { origin: 'http://dashboard.example.com:8080' }, false],
      ['opaque origin', { origin: 'null' }, false],
      ['neither header', {}, false],
    ];
    const unsafe = closed().filter(
      (route) => route.method !== 'GET' && route.path !== '/api/auth/sign-out' && route.path !== '/api/demo',
    );
    for (const route of unsafe) {
      for (const [name, headers, isOwn] of cases) {
        const response = await call(route, { token: null, headers: { ...headers, cookie } });
        const shown = `${nameOf(route)}, ${name}: ${response.status}`;
        if (isOwn) expect(shown).not.toContain('403');
        else expect(shown).toContain('403');
      }
    }
  });
});
