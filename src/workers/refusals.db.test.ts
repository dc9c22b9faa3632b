import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFetchBed, inTurn, newSession, text } from '#test/fetch-bed.ts';
import type { FixtureRoute, FixtureSite } from '#test/fixture-site.ts';
import { GivenScraper, makeGivenRunner, type Work } from '#test/given-runner.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';
import { SharedHostPacer } from './fetch/host-pacer-shared.ts';
import { PgRobotsStore } from './fetch/robots-store.ts';
import { PgSlotStore } from './fetch/slot-store.ts';
import type { ClaimedSession } from './queue/job-queue.ts';

const sites = createFetchBed();
let bed: QueueBed;
beforeAll(async () => {
  bed = await createQueueBed();
});
afterEach(async () => {
  await sites.close();
  await bed.clear();
  await bed.db.query('truncate leads, robots_cache cascade');
});
afterAll(() => bed.drop());

/** Runs one attempt of a session to its end, over a real fetch stack. */
async function attempt(site: FixtureSite, work: Work, session: ClaimedSession): Promise<void> {
  const fetcher = sites.newFetcher([site], {
    pacer: new SharedHostPacer({ slots: new PgSlotStore(bed.db) }),
    robots: new PgRobotsStore(bed.db),
  });
  const createScraper = () => new GivenScraper(work, { rateLimit: 0 });
  const runner = makeGivenRunner(work, { db: bed.db, queue: bed.queue, fetcher, createScraper });
  runner.start(session);
  await runner.idle();
}

const PAGES = 20;
/** Goes through pages as scrapers do: a checkpoint after each, and on from there. */
const readPages =
  (site: FixtureSite): Work =>
  async (it) => {
    for (let page = it.reached + 1; page <= PAGES; page += 1) {
      await it.fetch(`${site.origin}/page/${page}`);
      it.emit(String(page));
      await it.save(page);
    }
  };

/** Pages that are there, but for one. */
function pagesWith(page: number, route: FixtureRoute): Record<string, FixtureRoute> {
  return { '/robots.txt': text('', 404), [`/page/${page}`]: route, '/page/*': text('rows') };
}

const pagesAsked = (site: FixtureSite) => site.paths().filter((path) => path !== '/robots.txt');

describe('a site that refuses', () => {
  it.each([401, 403, 451])(
    'with %i on the first page is asked once, and the session ends with that',
    async (status) => {
      const site = await sites.startSite(pagesWith(1, text('not for you', status)));
      const session = await bed.start();
      await attempt(site, readPages(site), session);
      expect(await bed.row(session.id)).toMatchObject({
        status: 'failed',
        retryCount: 0,
        errorCode: 'blocked',
        statusReason: expect.stringContaining(`could not be read: status ${status}`),
      });
      expect((await bed.attempts(session.id)).map(({ outcome }) => outcome)).toEqual(['failed']);
      await bed.wakeAll();
      expect(await bed.claim()).toEqual([]);
      expect(pagesAsked(site)).toEqual(['/page/1']);
    },
  );

  it('in the middle keeps what was found, and a person who tries again goes on from there', async () => {
    const site = await sites.startSite(pagesWith(7, inTurn(text('enough', 403), text('rows'))));
    const session = await bed.start();
    await attempt(site, readPages(site), session);
    expect(await bed.row(session.id)).toMatchObject({ status: 'failed', cursor: 6, leadsFound: 6 });
    expect(pagesAsked(site)).toHaveLength(7);
    await bed.queue.retryByHand(session.id);
    const [again] = await bed.claim();
    await attempt(site, readPages(site), again as ClaimedSession);
    expect(await bed.row(session.id)).toMatchObject({ status: 'completed', cursor: PAGES, leadsFound: PAGES });
    expect(pagesAsked(site).slice(6, 8)).toEqual(['/page/7', '/page/7']);
  });

  it('for some time, with Retry-After, is asked again then, and no try is charged', async () => {
    const site = await sites.startSite(pagesWith(7, text('slow down', 403, { 'retry-after': '120' })));
    const session = await bed.start();
    await attempt(site, readPages(site), session);
    const row = await bed.row(session.id);
    expect(row).toMatchObject({ status: 'pending', retryCount: 0, cursor: 6 });
    expect(row.wakeInMs).toBeGreaterThan(110_000);
    const [host] = await bed.db.query(
      `select backoff_until > clock_timestamp() + interval '110 s' as waits from host_pacing`,
    );
    expect(host).toEqual({ waits: true });
  });

  it('for some time is left alone although the database is away when it says so, and others hear of it later', async () => {
    const site = await sites.startSite(pagesWith(1, text('slow down', 429, { 'retry-after': '120' })));
    const slots = new PgSlotStore(bed.db);
    const report = slots.reportBackoff.bind(slots);
    const back = Promise.withResolvers<void>();
    let failures = 0;
    slots.reportBackoff = async (hostKey, retryAfterMs) => {
      failures += 1;
      if (failures === 1) throw new Error('Connection terminated unexpectedly');
      await back.promise;
      return await report(hostKey, retryAfterMs);
    };
    const fetcher = sites.newFetcher([site], {
      pacer: new SharedHostPacer({ slots }),
      robots: new PgRobotsStore(bed.db),
    });
    const ask = () => fetcher.fetchPage(`${site.origin}/page/1`, {}, newSession()).catch((thrown) => thrown);
    expect(await ask()).toMatchObject({ code: 'throttled', retryAfterMs: 120_000 });
    expect(await ask()).toMatchObject({ code: 'host_not_ready', retryAfterMs: expect.closeTo(120_000, -4) });
    expect(pagesAsked(site)).toEqual(['/page/1']);
    back.resolve();
    const waits = () =>
      bed.db.query(`select from host_pacing where backoff_until > clock_timestamp() + interval '100 s'`);
    await waitFor(async () => (await waits()).length > 0, { what: 'the back-off to be written' });
  });

  it('is asked for nothing more that the session had begun by then, whoever waits for it', async () => {
    const site = await sites.startSite({ '/robots.txt': text('', 404), '/page/*': text('go away', 403) });
    const pacer = new SharedHostPacer({ slots: new PgSlotStore(bed.db) });
    const fetcher = sites.newFetcher([site], { pacer, robots: new PgRobotsStore(bed.db) });
    const work: Work = async (it) => {
      const pages = [1, 2, 3].map((page) => it.fetch(`${site.origin}/page/${page}`));
      for (const page of pages) await page;
    };
    const createScraper = () => new GivenScraper(work, { rateLimit: 100, maxConcurrent: 3 });
    const runner = makeGivenRunner(work, { db: bed.db, queue: bed.queue, fetcher, createScraper });
    const session = await bed.start();
    runner.start(session);
    await runner.idle();
    expect(await bed.row(session.id)).toMatchObject({ status: 'failed', errorCode: 'blocked' });
    // Whoever asks now is served after all that stand in its line.
    const last = { hostKey: site.host, workerId: 'worker', sessionId: null, floorMs: 0, robotsMs: 0 };
    await pacer.reserve({ ...last, maxInflight: 1, timeoutMs: 1_000 }, new AbortController().signal);
    expect(pagesAsked(site)).toEqual(['/page/1']);
  });
});
