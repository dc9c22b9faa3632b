import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET as health } from '#app/healthz/route.ts';
import { readEnv } from '#lib/env.ts';
import { type ApiRoute, findApiRoutes, routeParams } from '#test/api-routes.ts';
import { startTestPostgres, type TestPostgres } from '#test/postgres.ts';
import { apiRequest, TEST_TOKEN } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import { createServerContext, installServerContext, type ServerContext } from './context.ts';
import type { HubMessage } from './events/event-hub.ts';

let postgres: TestPostgres;
let context: ServerContext;
let routes: ApiRoute[];

beforeAll(async () => {
  postgres = await startTestPostgres();
  context = createServerContext(readEnv({ DATABASE_URL: postgres.url, ADMIN_TOKEN: TEST_TOKEN, LOG_LEVEL: 'silent' }));
  installServerContext(context);
  routes = await findApiRoutes();
});
afterAll(async () => {
  installServerContext(undefined);
  await context.close();
  await postgres.drop();
});

const healthOf = async () => (await health(apiRequest('/healthz'), routeParams())).json();

describe('while the database is away', () => {
  it('routes say so with 503, streams tell, and both recover by themselves', async () => {
    const heard: HubMessage[] = [];
    const unsubscribe = context.hub.subscribe((message) => heard.push(message));
    await waitFor(() => context.hub.databaseState === 'ok');
    expect(await healthOf()).toMatchObject({ status: 'ok', database: 'ok' });

    await postgres.stop('immediate');
    await waitFor(() => context.hub.databaseState === 'unavailable');
    expect(await healthOf()).toMatchObject({ status: 'degraded', database: 'unreachable' });
    for (const { method, path, handler } of routes.filter(
      (route) => route.method === 'GET' && !OPEN.includes(route.path),
    )) {
      const response = await handler(apiRequest(path, { method }), routeParams());
      const shown = `${path} ${response.status}`;
      expect(shown).toBe(`${path} 503`);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await response.json()).toMatchObject({ error: { code: 'database_unavailable' } });
    }

    heard.length = 0;
    await postgres.start();
    // It may have come to its longest delay between two tries, and to a server that was not ready yet then.
    await waitFor(() => context.hub.databaseState === 'ok', { timeoutMs: 60_000 });
    expect(heard.map((message) => message.kind)).toEqual(['database', 'change']);
    await waitFor(async () => (await healthOf()).status === 'ok');
    context.publisher.publish(['sessions'], [7]);
    await waitFor(() => heard.some((message) => message.kind === 'change' && message.event.sessionIds?.[0] === 7));
    unsubscribe();
  }, 180_000);

  it('routes say so too when every connection of this process is taken for longer than 5 s, and recover', async () => {
    const free = Promise.withResolvers<void>();
    let takenCount = 0;
    const holding = Array.from({ length: POOL_SIZE }, () =>
      context.db.transaction(async (tx) => {
        await tx.query('select 1');
        takenCount += 1;
        await free.promise;
      }),
    );
    await waitFor(() => takenCount === POOL_SIZE, { timeoutMs: 20_000 });
    const [route] = routes.filter(({ method, path }) => method === 'GET' && path === '/api/workers');
    const ask = async () => await route?.handler(apiRequest('/api/workers'), routeParams());
    const refused = await ask();
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([503, '5']);
    free.resolve();
    await Promise.all(holding);
    expect((await ask())?.status).toBe(200);
  }, 180_000);
});

/** Of the web process. */
const POOL_SIZE = 10;

/** These need no database, or answer in another way. */
const OPEN = [
  '/api/schedules/preview',
  '/healthz',
  '/api/echo',
  '/sign-in/link',
  '/api/auth/me',
  '/api/events',
  '/api/[...path]',
];
