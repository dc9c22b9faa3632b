import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { createPm2, type Pm2, type Pm2App } from '#test/pm2.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';
import { JobQueue } from './queue/job-queue.ts';

/** LONG_RUN=1 asks for the full measure, by hand. */
const LONG = process.env.LONG_RUN === '1';
const ROUNDS = LONG ? 20 : 1;
/** Sessions that are there to be interrupted each time. */
const BATCH = 6;
const PAGES = 6;
/** Schedules that come due one after the other while the manager is interrupted. */
const DUE = 20;
const DUE_EVERY_MS = 250;
/** A busy machine may take this long for anything; an idle one takes a second or two. */
const PATIENCE_MS = LONG ? 300_000 : 60_000;
const WORKERS = 2;
const ECOSYSTEM = path.resolve(import.meta.dirname, '../../ecosystem.config.js');

let database: TestDatabase;
let site: NumberedSite;
let folder: string;
let pm2: Pm2;

beforeEach(async () => {
  database = await createTestDatabase();
  site = await startNumberedSite();
  folder = await mkdtemp(path.join(tmpdir(), 'eko-pm2-test-'));
  pm2 = await createPm2({
    DATABASE_URL: database.url,
    EKO_DATA_DIR: folder,
    EKO_ALLOW_ADDRESSES: site.address,
    NUM_WORKERS: String(WORKERS),
    WORKER_CONCURRENCY: '1',
    HEARTBEAT_INTERVAL: '1',
    LOCK_TTL: '6',
    TEST_RATE_LIMIT_MS: '40',
  });
});

afterEach(async () => {
  await pm2.close();
  await waitFor(async () => !(await workerPids()).some(isAlive), {
    timeoutMs: PATIENCE_MS,
    what: 'all workers to be gone',
  });
  await site.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Every worker that has ever registered. */
async function workerPids(): Promise<number[]> {
  const rows = await database.db.query<{ pid: number }>('select pid from worker_instances');
  return rows.map(({ pid }) => pid);
}

/** The project's own entry with the scrapers of the tests, so that what is tested is how PM2 is told to treat it. */
async function writeEntry(overrides: Record<string, unknown>): Promise<string> {
  const bundles = await bundleWorkers();
  const entry = {
    script: path.join(bundles, 'start-workers.mjs'),
    args: ['--scrapers', path.join(bundles, 'scripted-scrapers.mjs')],
    ...overrides,
  };
  const file = path.join(folder, 'ecosystem.config.js');
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  const own = `import { apps as own } from ${JSON.stringify(ECOSYSTEM)};\n`;
  await writeFile(file, `${own}export const apps = own.map((app) => ({ ...app, ...${JSON.stringify(entry)} }));\n`);
  return file;
}

async function makeSome(batch: number): Promise<void> {
  await scheduleSome(batch);
  const params = { do: 'pages', origin: site.origin, count: PAGES };
  await new JobQueue({ db: database.db }).enqueue(
    Array.from({ length: BATCH }, (_, index) => ({ source: 'permits', location: `Place ${batch}-${index}`, params })),
  );
  await waitFor(async () => (await countSessions('running')) > 0, { timeoutMs: PATIENCE_MS, what: 'sessions to run' });
}

/** Each has one occurrence, which somebody must look for from its own moment on. */
async function scheduleSome(batch: number): Promise<void> {
  await database.db.query(
    `insert into schedules (name, every_minutes, targets, settled_until, next_at)
     select name, 1440, jsonb_build_array(jsonb_build_object('source', 'simulated', 'location', name)), last - interval '1 day',
       clock_timestamp() + make_interval(secs => $3::float8 * n / 1000)
     from generate_series(1, $2::int) n, format('Due %s-%s', $1::int, n) as name,
       date_trunc('day', clock_timestamp(), 'UTC') as last`,
    [batch, DUE, DUE_EVERY_MS],
  );
}

const countSessions = async (status: string) =>
  (await database.db.query('select from scraping_sessions where status = $1', [status])).length;

async function theApp(): Promise<Pm2App> {
  const apps = await pm2.apps();
  expect(apps.length).toBe(1);
  return apps[0] as Pm2App;
}

/** After this no worker of an earlier manager lives, and the new one has all of its own. */
async function expectOneManager(): Promise<number> {
  const { pid, pm2_env } = await theApp();
  expect(pm2_env.status).toBe('online');
  const living = await waitFor(
    async () => {
      const rows = await database.db.query<{ pid: number; manager_pid: number }>(
        'select pid, manager_pid from worker_instances',
      );
      const alive = rows.filter((row) => isAlive(row.pid));
      return alive.length === WORKERS && alive.every((row) => row.manager_pid === pid) ? alive : null;
    },
    { timeoutMs: PATIENCE_MS, what: 'the workers of one manager alone' },
  );
  expect(living.length).toBe(WORKERS);
  return pid;
}

async function expectAllDoneOnce(batches: number): Promise<void> {
  const sessions = batches * BATCH;
  const done = async () => (await countSessions('completed')) >= sessions + batches * DUE;
  await waitFor(done, { timeoutMs: LONG ? 300_000 : PATIENCE_MS, what: 'all sessions to complete' });
  const [sums] = await database.db.query(
    `select count(*)::int as sessions, sum(leads_found)::int as found, sum(leads_new)::int as fresh, sum(retry_count)::int as retries,
       sum(crash_count)::int as crashes, (select count(*)::int from leads) as leads from scraping_sessions`,
  );
  const leads = sessions * PAGES * 2;
  const all = sessions + batches * DUE;
  expect(sums).toEqual({ sessions: all, found: leads, fresh: leads, leads, retries: 0, crashes: 0 });
}

async function expectEachStartedOnce(batches: number): Promise<void> {
  const rows = await database.db.query<{ name: string; runs: number; sessions: number }>(
    `select s.name, (select count(*)::int from schedule_runs r where r.schedule_id = s.id and r.outcome = 'started') as runs,
       (select count(*)::int from scraping_sessions where location = s.name) as sessions from schedules s`,
  );
  expect(rows.length).toBe(batches * DUE);
  expect(rows.filter(({ runs, sessions }) => runs !== 1 || sessions !== 1)).toEqual([]);
}

describe('the manager under PM2', () => {
  it.each([
    { named: 'our kill timeout', inFull: true, overrides: {} },
    // PM2's own default: the manager is killed in the middle of its drain.
    {
      named: "PM2's own kill timeout and signals to the whole tree",
      inFull: false,
      overrides: { kill_timeout: 1_600, treekill: true },
    },
  ])(
    'loses and doubles no session and no run of a schedule over restarts, reloads, a kill and a stop, with $named',
    async ({ overrides, inFull }) => {
      await pm2.run('start', await writeEntry(overrides));
      for (let round = 0; round < ROUNDS; round += 1) {
        await makeSome(round);
        await pm2.run('restart', 'eko-workers');
        const before = await expectOneManager();
        if (!LONG && !inFull) continue;
        process.kill(before, 'SIGKILL');
        await waitFor(async () => ![0, before].includes((await theApp()).pid), {
          timeoutMs: PATIENCE_MS,
          what: 'a restart',
        });
        await pm2.run('reload', 'eko-workers');
        await expectOneManager();
      }
      await makeSome(ROUNDS);
      await pm2.run('stop', 'eko-workers');
      expect(await theApp()).toMatchObject({ pid: 0, pm2_env: { status: 'stopped' } });
      await waitFor(async () => !(await workerPids()).some(isAlive), { timeoutMs: PATIENCE_MS, what: 'no worker' });
      await pm2.run('start', 'eko-workers');
      await expectOneManager();
      await expectAllDoneOnce(ROUNDS + 1);
      await expectEachStartedOnce(ROUNDS + 1);
    },
    LONG ? 1_800_000 : 240_000,
  );

  it('leaves a manager alone that has ended as it was asked to', async () => {
    await pm2.run('start', await writeEntry({}));
    process.kill(await expectOneManager(), 'SIGTERM');
    const restarts = async (name: string) => {
      const app = (await pm2.apps()).find((one) => one.name === name);
      return { pid: app?.pid, restarts: app?.pm2_env.restart_time };
    };
    await waitFor(async () => (await restarts('eko-workers')).pid === 0, { timeoutMs: PATIENCE_MS, what: 'its end' });
    // What ends later with an error and is restarted after the same delay says that ours would have been by now.
    const failing = path.join(folder, 'failing.config.mjs');
    const script = path.join(folder, 'failing.mjs');
    await writeFile(script, 'process.exit(1);\n');
    const app = { name: 'failing', script, exp_backoff_restart_delay: 1_000 };
    await writeFile(failing, `export const apps = [${JSON.stringify(app)}];\n`);
    await pm2.run('start', failing);
    await waitFor(async () => Number((await restarts('failing')).restarts) > 0, {
      timeoutMs: PATIENCE_MS,
      what: 'a restart',
    });
    expect(await restarts('eko-workers')).toEqual({ pid: 0, restarts: 0 });
  }, 240_000);
});
