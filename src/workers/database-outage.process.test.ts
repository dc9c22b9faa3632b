import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { isAlive, type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { startTestPostgres, type TestPostgres } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from './queue/job-queue.ts';

/** What the tests do to the database, not something that they wait for. */
const OUTAGE_MS = 10_000;
const PAGES = 60;
const SESSIONS = 3;

let postgres: TestPostgres;
let db: Db;
let site: NumberedSite;
let manager: ManagerProcess | null = null;

beforeEach(async () => {
  // An 'immediate' shutdown is a crash: without this it forgets commits that it has confirmed.
  postgres = await startTestPostgres({ synchronous_commit: 'on' });
  db = createDb({ connectionString: postgres.url, applicationName: 'eko-test' });
  site = await startNumberedSite();
});

afterEach(async () => {
  await manager?.destroy();
  manager = null;
  await site.close();
  await db.close();
  await postgres.drop();
});

async function one<T>(text: string): Promise<T> {
  return (await db.query(text))[0] as T;
}

/** LONG_RUN=1 crosses all leases with all ways to shut down. */
const MODES = ['fast', 'immediate'] as const;
const LONG = process.env.LONG_RUN === '1';

describe.each([
  { lease: 'a lease that outlives the outage', LOCK_TTL: '60', modes: LONG ? MODES : (['immediate'] as const) },
  { lease: 'a lease that the outage outlives', LOCK_TTL: '4', modes: LONG ? MODES : (['fast'] as const) },
])('a database that is away for 10 s, with $lease', ({ LOCK_TTL, modes }) => {
  it.each(modes)(
    'ends no process, and all sessions complete with every lead once (%s shutdown)',
    async (mode) => {
      const env = { EKO_ALLOW_ADDRESSES: site.address, LOCK_TTL, WORKER_CONCURRENCY: '2' };
      manager = await startManagerProcess({ databaseUrl: postgres.url, workers: 2, env });
      const params = { do: 'pages', origin: site.origin, count: PAGES };
      const locations = Array.from({ length: SESSIONS }, (_, index) => `Place ${index}`);
      await new JobQueue({ db }).enqueue(locations.map((location) => ({ source: 'permits', location, params })));
      const read = () => one<{ leads: number }>('select count(*)::int as leads from leads');
      await waitFor(async () => (await read()).leads >= 20, { timeoutMs: 30_000, what: 'twenty leads' });
      const pids = await waitFor(() => {
        const running = manager?.workerPids();
        return running?.length === 2 && running;
      });

      await postgres.stop(mode);
      await wait(OUTAGE_MS);
      await postgres.start();

      const open = () =>
        one<{ open: number }>(`select count(*)::int as open from scraping_sessions where status <> 'completed'`);
      await waitFor(async () => (await open()).open === 0, { timeoutMs: 60_000, what: 'all sessions to complete' });
      expect(isAlive(manager.pid)).toBe(true);
      expect(manager.workerPids()).toEqual(pids);
      expect((await read()).leads).toBe(SESSIONS * PAGES * 2);
      expect(
        await one('select sum(leads_found)::int as found, sum(retry_count)::int as retries from scraping_sessions'),
      ).toEqual({ found: SESSIONS * PAGES * 2, retries: 0 });
    },
    120_000,
  );
});
