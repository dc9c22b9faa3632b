import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createFetchBed, newSession, text } from '#test/fetch-bed.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { SharedHostPacer } from './host-pacer-shared.ts';
import { PgRobotsStore } from './robots-store.ts';
import { PgSlotStore } from './slot-store.ts';

const bed = createFetchBed();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => bed.close());
afterAll(() => database.drop());

it('takes no host to serve that only leads on to itself: what is behind that counts', async () => {
  const site = await bed.startSite({
    '/robots.txt': text('', 404),
    '/old/*': (request, response) =>
      void response.writeHead(301, { location: request.url.replace('/old', '/new') }).end(),
    '/new/broken': text('oops', 500),
    '/new/closed': text('go away', 403),
    '/new/there': text('rows'),
  });
  const fetcher = bed.newFetcher([site], {
    pacer: new SharedHostPacer({ slots: new PgSlotStore(database.db) }),
    robots: new PgRobotsStore(database.db),
  });
  const ask = (page: string) => {
    const session = newSession({ rateLimit: 0, maxRetries: 0 });
    return fetcher
      .fetchPage(`${site.origin}/old/${page}`, {}, session)
      .catch(() => null)
      .then(() => session.stats);
  };
  const host = async () =>
    (
      await database.db.query(
        'select error_streak, limited_since is not null as limited, adaptive_ms > 0 as slow from host_pacing',
      )
    )[0];
  expect(await ask('broken')).toMatchObject({ requestsMade: 3, requestsFailed: 1 });
  await ask('broken');
  expect(await host()).toEqual({ error_streak: 2, limited: false, slow: true });
  await ask('closed');
  await ask('broken');
  expect(await host()).toEqual({ error_streak: 3, limited: true, slow: true });
  await ask('there');
  expect(await host()).toMatchObject({ error_streak: 0, limited: false });
});
