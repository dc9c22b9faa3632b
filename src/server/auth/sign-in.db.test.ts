import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET as me } from '#app/api/auth/me/route.ts';
import { POST as signIn } from '#app/api/auth/sign-in/route.ts';
import { POST as signOutRoute } from '#app/api/auth/sign-out/route.ts';
import { GET as openLink, HEAD as previewLink } from '#app/sign-in/link/route.ts';
import { createToken, hashToken } from '#lib/tokens/token-hash.ts';
import { routeParams } from '#test/api-routes.ts';
import { apiRequest, createTestServerContext, TEST_TOKEN, type TestServerContext } from '#test/server-context.ts';
import { authenticate } from './authenticate.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
afterAll(() => server.close());

/** As the launcher makes them. */
async function createLink(): Promise<string> {
  const token = createToken();
  await server.context.db.query(
    `insert into sign_in_links (token_hash, expires_at) values ($1, clock_timestamp() + interval '24 hours')`,
    [hashToken(token)],
  );
  return token;
}

const openWith = (token: string, next = '') =>
  openLink(apiRequest(`/sign-in/link?token=${token}${next}`, { token: null }), routeParams());
const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const whoami = (cookie: string) => me(apiRequest('/api/auth/me', { token: null, headers: { cookie } }), routeParams());
const submit = (token: unknown, headers: Record<string, string> = {}) =>
  signIn(
    apiRequest('/api/auth/sign-in', {
      method: 'POST',
      token: null,
      json: { token },
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    }),
    routeParams(),
  );

describe('the one-time link', () => {
  it('signs exactly one of many parallel callers in, and leads to the page asked for', async () => {
    const token = await createLink();
    const answers = await Promise.all(Array.from({ length: 20 }, () => openWith(token, '&next=/leads%3Fstate%3DGA')));
    const won = answers.filter((answer) => answer.headers.get('location') === '/leads?state=GA');
    const lost = answers.filter((answer) => answer.headers.get('location') === '/sign-in?problem=used');
    expect([won.length, lost.length]).toEqual([1, 19]);
    expect(won[0]?.status).toBe(303);
    const setCookie = won[0]?.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/^eko_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(lost.every((answer) => answer.headers.get('set-cookie') === null)).toBe(true);
    expect(await (await whoami(setCookie.split(';')[0] ?? '')).json()).toEqual({ role: 'admin' });
  });

  it('is not used up by a preview, and not good after its time', async () => {
    const token = await createLink();
    expect(previewLink().status).toBe(200);
    await server.context.db.query(
      `update sign_in_links set expires_at = now() - interval '1 second' where used_at is null`,
    );
    expect((await openWith(token)).headers.get('location')).toBe('/sign-in?problem=used');
  });

  it.each(['', 'x', "'; drop table auth_sessions", '%00', 'A'.repeat(5000)])(
    'sends "%.30s" to the sign-in page',
    async (token) => {
      expect((await openWith(token)).headers.get('location')).toBe('/sign-in?problem=used');
    },
  );
});

describe('a browser session', () => {
  it('begins with the admin token, is kept as a hash, and ends with sign-out', async () => {
    const response = await submit(TEST_TOKEN);
    const cookie = cookieOf(response);
    expect(response.status).toBe(200);
    const rows = await server.context.db.query<{ text: string }>(
      'select auth_sessions::text as text from auth_sessions',
    );
    expect(rows.some((row) => row.text.includes(cookie.slice('eko_session='.length)))).toBe(false);
    const out = await signOutRoute(
      apiRequest('/api/auth/sign-out', {
        method: 'POST',
        token: null,
        headers: { cookie, 'sec-fetch-site': 'same-origin' },
      }),
      routeParams(),
    );
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await whoami(cookie)).status).toBe(401);
  });

  it('is Secure where the browser came by https', async () => {
    const response = await submit(TEST_TOKEN, { 'x-forwarded-proto': 'https' });
    expect(response.headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it.each([
    ['8 idle hours', `last_seen_at = now() - interval '8 hours 1 second'`],
    ['7 days in any case', `expires_at = now() - interval '1 second'`],
  ])('ends after %s', async (_name, change) => {
    const cookie = cookieOf(await submit(TEST_TOKEN));
    await server.context.db.query(`update auth_sessions set ${change}`);
    expect((await whoami(cookie)).status).toBe(401);
  });

  it('slides: a request moves the idle limit on', async () => {
    const cookie = cookieOf(await submit(TEST_TOKEN));
    await server.context.db.query(`update auth_sessions set last_seen_at = now() - interval '7 hours'`);
    expect((await whoami(cookie)).status).toBe(200);
    const [row] = await server.context.db.query<{ fresh: boolean }>(
      `select bool_or(last_seen_at > now() - interval '1 minute') as fresh from auth_sessions`,
    );
    expect(row?.fresh).toBe(true);
  });

  it('is still known while the database is away, where this process has just seen it; others get 503', async () => {
    const cookie = cookieOf(await submit(TEST_TOKEN));
    await whoami(cookie);
    // As from another bundle's copy of the class.
    const outage = Object.assign(new Error('away'), { code: 'database_unavailable' });
    const away = {
      ...server.context,
      db: { ...server.context.db, query: () => Promise.reject(outage) },
    };
    const request = apiRequest('/api/sessions', { token: null, headers: { cookie } });
    expect(await authenticate(request, away)).toEqual({ role: 'admin', by: 'cookie', token: null });
    const stranger = apiRequest('/api/sessions', { token: null, headers: { cookie: `eko_session=${'B'.repeat(43)}` } });
    await expect(authenticate(stranger, away)).rejects.toBe(outage);
  });
});

describe('wrong admin tokens', () => {
  it('are refused, and after twenty the address has to wait, though not another one', async () => {
    const from = { 'x-forwarded-for': '192.0.2.1' };
    const statuses: number[] = [];
    for (let i = 0; i < 21; i += 1) statuses.push((await submit('wrong', from)).status);
    expect(new Set(statuses.slice(0, 20))).toEqual(new Set([401]));
    expect(statuses[20]).toBe(429);
    expect((await submit(TEST_TOKEN, from)).headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await submit(TEST_TOKEN, { 'x-forwarded-for': '192.0.2.2' })).status).toBe(200);
  });

  it('cannot be sent by another site, which would sign a browser in behind its back', async () => {
    expect((await submit(TEST_TOKEN, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});
