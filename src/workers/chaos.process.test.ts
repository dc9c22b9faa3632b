import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from './queue/job-queue.ts';

/** LONG_RUN=1 asks for the full measure, by hand. */
const LONG = process.env.LONG_RUN === '1';
const SESSIONS = LONG ? 300 : 40;
const PAGES = 5;
const FLOOR_MS = 60;
const KILL_EVERY_MS = 2_000;

/** The site stamps a request when its handler runs; a busy machine lets that come a little early. */
const CLOCK_SLACK_MS = 10;

let database: TestDatabase;
let site: NumberedSite;
let manager: ManagerProcess | null = null;

beforeAll(async () => {
  database = await createTestDatabase();
  site = await startNumberedSite(20);
});
afterAll(async () => {
  await manager?.destroy();
  await site.close();
  await database.drop();
});

it(
  'completes every session with every lead once, and keeps its pace, while a worker is killed every two seconds',
  async () => {
    const queue = new JobQueue({ db: database.db });
    const params = { do: 'pages', origin: site.origin, count: PAGES };
    const places = Array.from({ length: SESSIONS }, (_, index) => `Place ${index}`);
    await queue.enqueue(places.map((location) => ({ source: 'permits', location, params })));
    const env = { EKO_ALLOW_ADDRESSES: site.address, TEST_RATE_LIMIT_MS: String(FLOOR_MS) };
    manager = await startManagerProcess({ databaseUrl: database.url, workers: 4, env });
    let kills = 0;
    const killer = setInterval(() => {
      kills += Number(killOne());
    }, KILL_EVERY_MS);

    async function workerPids(): Promise<number[]> {
      const rows = await database.db.query<{ pid: number }>(
        `select pid from worker_instances where status = 'running' and lease_until > now()`,
      );
      return rows.map((row) => row.pid);
    }
    let alive: number[] = [];
    function killOne(): boolean {
      const pid = alive[Math.floor(Math.random() * alive.length)];
      if (pid === undefined) return false;
      try {
        process.kill(pid, 'SIGKILL');
        return true;
      } catch {
        // It died on its own since we looked.
        return false;
      }
    }
    try {
      await waitFor(
        async () => {
          alive = await workerPids();
          const open = await database.db.query(`select from scraping_sessions where status in ('pending', 'running')`);
          return open.length === 0;
        },
        { timeoutMs: LONG ? 900_000 : 150_000, intervalMs: 200, what: 'all sessions to end' },
      );
    } finally {
      clearInterval(killer);
    }

    expect(kills).toBeGreaterThan(3);
    const [sums] = await database.db.query(
      `select count(*) filter (where status = 'completed')::int as completed, sum(leads_found)::int as found,
       sum(leads_new)::int as fresh, (select count(*)::int from leads) as leads from scraping_sessions`,
    );
    const leads = SESSIONS * PAGES * 2;
    expect(sums).toEqual({ completed: SESSIONS, found: leads, fresh: leads, leads });
    // The one that came first may have waited for its handler.
    const gaps = site.requests.slice(1).map(({ atMs }, index) => {
      const first = site.requests[index];
      return atMs - (first?.atMs ?? 0) + (first?.lateMs ?? 0);
    });
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(FLOOR_MS - CLOCK_SLACK_MS);
  },
  LONG ? 960_000 : 180_000,
);
