import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseUnavailableError } from '#lib/errors.ts';
import { createFetchBed, newSession, text } from '#test/fetch-bed.ts';
import type { FixtureSite } from '#test/fixture-site.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { SharedHostPacer } from './host-pacer-shared.ts';
import { PgRobotsStore } from './robots-store.ts';
import { PgSlotStore } from './slot-store.ts';

const bed = createFetchBed();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.query('truncate host_pacing, host_slots, robots_cache'));
afterEach(() => bed.close());
afterAll(() => database.drop());

/** A fetch stack as each worker has one: of its own, but on the shared tables. */
const newWorker = (site: FixtureSite) =>
  bed.newFetcher([site], {
    pacer: new SharedHostPacer({ slots: new PgSlotStore(database.db) }),
    robots: new PgRobotsStore(database.db),
  });

/** Lets time pass for the host and its rules. */
async function passTime(seconds: number): Promise<void> {
  await database.db.query(
    `update robots_cache set expires_at = expires_at - make_interval(secs => $1), fetched_at = fetched_at - make_interval(secs => $1)`,
    [seconds],
  );
  await database.db.query(
    `update host_pacing set next_at = next_at - make_interval(secs => $1), backoff_until = backoff_until - make_interval(secs => $1),
       paused_until = paused_until - make_interval(secs => $1), adaptive_ms = 0`,
    [seconds],
  );
}

describe('robots.txt over several workers', () => {
  it('is fetched by one of eight workers that need it at the same moment, and obeyed by all', async () => {
    const site = await bed.startSite({ '/robots.txt': text('User-agent: *\nDisallow: /private'), '/*': text('page') });
    const workers = Array.from({ length: 8 }, () => newWorker(site));
    const answers = await Promise.all(
      workers.map((worker, index) =>
        worker.fetchPage(`${site.origin}/${index % 2 === 0 ? 'private' : 'open'}`, {}, newSession({}, index)).then(
          () => 'read',
          (error) => error.code,
        ),
      ),
    );
    expect(answers.sort()).toEqual([...Array(4).fill('read'), ...Array(4).fill('robots_disallowed')]);
    expect(site.paths().filter((path) => path === '/robots.txt')).toHaveLength(1);
  });

  it('is read at once when the look was granted in an answer that was lost', async () => {
    const site = await bed.startSite({ '/robots.txt': text('User-agent: *\nDisallow: /private'), '/*': text('page') });
    const robots = new PgRobotsStore(database.db);
    const claimLook = robots.claimLook.bind(robots);
    let losses = 1;
    robots.claimLook = async (origin, ttlMs) => {
      const granted = await claimLook(origin, ttlMs);
      if (losses-- > 0) throw new DatabaseUnavailableError('the answer was lost');
      return granted;
    };
    const worker = bed.newFetcher([site], {
      pacer: new SharedHostPacer({ slots: new PgSlotStore(database.db) }),
      robots,
    });
    const read = () => worker.fetchPage(`${site.origin}/open`, {}, newSession());
    await expect(read()).rejects.toThrow(DatabaseUnavailableError);
    expect(await read()).toMatchObject({ status: 200 });
    expect(site.paths()).toEqual(['/robots.txt', '/open']);
  });

  it('keeps every worker from every page while it answers 503, for two minutes and longer, and lets them in afterwards', async () => {
    let broken = true;
    const site = await bed.startSite({
      '/robots.txt': (_request, response) => void response.writeHead(broken ? 503 : 200).end(''),
      '/*': text('page'),
    });
    const workers = Array.from({ length: 3 }, () => newWorker(site));
    for (let seconds = 0; seconds <= 120; seconds += 20) {
      for (const worker of [...workers, newWorker(site)]) {
        const error = await worker.fetchPage(`${site.origin}/a`, {}, newSession()).catch((thrown) => thrown);
        expect(error).toMatchObject({ code: 'host_not_ready', disposition: 'snooze', context: { hostKey: site.host } });
      }
      await passTime(20);
    }
    // Looked at when it was new and again after a minute; the next look is five minutes later.
    expect(new Set(site.paths())).toEqual(new Set(['/robots.txt']));
    expect(site.asked.length).toBe(2);
    broken = false;
    await passTime(300);
    expect(await newWorker(site).fetchPage(`${site.origin}/a`, {}, newSession())).toMatchObject({ text: 'page' });
  });

  it('is looked at again when its verdict ran out while the request waited for its slot', async () => {
    let allowed = true;
    const site = await bed.startSite({
      '/robots.txt': (_request, response) => void response.end(allowed ? '' : 'User-agent: *\nDisallow: /'),
      '/*': text('page'),
    });
    const worker = newWorker(site);
    await worker.fetchPage(`${site.origin}/first`, {}, newSession({ rateLimit: 1500 }));
    // The rules that a new worker finds hold for a second more, and its slot opens later than that, however slow the machine is.
    await database.db.query(
      `with now as materialized (select clock_timestamp() as at),
         rules as (update robots_cache set expires_at = now.at + interval '1 second' from now)
       update host_pacing set next_at = now.at + interval '2500 ms' from now`,
    );
    allowed = false;
    const error = await newWorker(site)
      .fetchPage(`${site.origin}/second`, {}, newSession({ rateLimit: 1500 }))
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'robots_disallowed' });
    expect(site.paths()).toEqual(['/robots.txt', '/first', '/robots.txt']);
  });
});
