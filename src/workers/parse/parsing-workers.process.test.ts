import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type FixtureSite, startFixtureSite } from '#test/fixture-site.ts';
import { listHostilePages } from '#test/hostile-pages.ts';
import { isAlive, type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import type { Script } from '#test/scripted-scrapers.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '../queue/job-queue.ts';

// Three hundred pages, each through robots.txt, pace and request, take a busy machine a minute.
vi.setConfig({ testTimeout: 240_000 });

/** Those that keep parser or network busy for seconds have their own tests; here all else goes the whole way. */
const PAGES = listHostilePages()
  .map(({ build }) => Buffer.from(build()))
  .filter((page) => page.length < 2_000_000);

let database: TestDatabase;
let site: FixtureSite;
let manager: ManagerProcess;

beforeEach(async () => {
  database = await createTestDatabase();
  site = await startFixtureSite({
    '/page/*': (request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(PAGES[Number(request.url.split('/').at(-1))]);
    },
  });
  manager = await startManagerProcess({
    databaseUrl: database.url,
    env: { EKO_ALLOW_ADDRESSES: site.host, TEST_RATE_LIMIT_MS: '0' },
  });
});
afterEach(async () => {
  await manager.destroy();
  await site.close();
  await database.drop();
});

async function settled(script: Script): Promise<{ status: string; cursor: Record<string, number>; error: unknown }> {
  const queue = new JobQueue({ db: database.db });
  const answer = await queue.enqueue([
    { source: 'permits', location: 'Savannah', params: { ...script }, maxRetries: 0 },
  ]);
  const id = answer.sessions[0]?.id;
  return await waitFor(
    async () => {
      const [row] = await database.db.query<{ status: string; cursor: Record<string, number>; error: unknown }>(
        `select status, cursor, error from scraping_sessions where id = $1 and status in ('completed', 'failed')`,
        [id],
      );
      return row;
    },
    { timeoutMs: 200_000, what: 'the session to end' },
  );
}

it('a worker takes every hostile page from the site to its parser, and lives', async () => {
  const { status, cursor, error } = await settled({
    do: 'parse',
    origin: site.origin,
    count: PAGES.length,
    parser: 'listed',
  });
  expect({ status, error }).toEqual({ status: 'completed', error: null });
  const { parsed = 0, parse_limit = 0, unusable_body = 0, ...others } = cursor;
  expect(others).toEqual({});
  expect(parsed + parse_limit + unusable_body).toBe(PAGES.length);
  expect(Math.min(parsed, parse_limit)).toBeGreaterThan(50);
  const pids = manager.workerPids();
  expect(pids.filter(isAlive)).toHaveLength(1);
  expect(manager.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

it('a built worker says of a parser that is not listed where to list it', async () => {
  const { status, error } = await settled({ do: 'parse', origin: site.origin, count: 1, parser: 'unlisted' });
  expect(status).toBe('failed');
  expect(error).toMatchObject({
    code: 'parse_failed',
    message: expect.stringContaining('add it to PARSERS in src/workers/scrapers/parsers.ts'),
  });
});
