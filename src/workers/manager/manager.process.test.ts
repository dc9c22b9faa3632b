import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import {
  isAlive,
  type ManagerProcess,
  type ManagerProcessOptions,
  startManagerProcess,
} from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import type { Script } from '#test/scripted-scrapers.ts';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';
import { createEventPublisher } from '../events.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { listenToQueue } from '../queue/queue-listener.ts';
import { WorkerManager } from './manager.ts';

/** LONG_RUN=1 holds the runtime to its times, on a machine that does nothing else; others get the time that they take. */
const LONG = process.env.LONG_RUN === '1';

let database: TestDatabase;
let queue: JobQueue;
let site: NumberedSite;
const managers: ManagerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  queue = new JobQueue({ db: database.db });
  site = await startNumberedSite();
});

afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.destroy()));
  await site.close();
  await database.drop();
});

async function start(options: Partial<ManagerProcessOptions> = {}): Promise<ManagerProcess> {
  const { env, ...rest } = options;
  const manager = await startManagerProcess({
    databaseUrl: database.url,
    env: { EKO_ALLOW_ADDRESSES: site.address, ...env },
    ...rest,
  });
  managers.push(manager);
  return manager;
}

async function enqueue(script: Script, location = 'Savannah', maxRetries?: number): Promise<number> {
  const params = { ...script } as Record<string, unknown>;
  const answer = await queue.enqueue([
    { source: 'permits', location, params, ...(maxRetries === undefined ? {} : { maxRetries }) },
  ]);
  return answer.sessions[0]?.id ?? 0;
}

interface Row {
  status: string;
  workerId: string | null;
  leadsFound: number;
  leadsNew: number;
  retryCount: number;
  crashCount: number;
  cursor: unknown;
  errorCode: string | null;
  claimNumber: number;
  [key: string]: unknown;
}

async function session(id: number): Promise<Row> {
  const [row] = await database.db.query<Row>(
    `select status, worker_id as "workerId", leads_found as "leadsFound", leads_new as "leadsNew", retry_count as "retryCount",
       crash_count as "crashCount", cursor, error->>'code' as "errorCode", claim_number as "claimNumber"
     from scraping_sessions where id = $1`,
    [id],
  );
  if (!row) throw new Error(`There is no session ${id}`);
  return row;
}

const reaches = (id: number, status: string, timeoutMs = 60_000) =>
  waitFor(async () => (await session(id)).status === status, { timeoutMs, what: `session ${id} to be ${status}` });

const idleWorkers = (count: number) =>
  waitFor(
    async () => {
      const rows = await database.db.query(
        `select from worker_instances where status = 'idle' and lease_until > now()`,
      );
      return rows.length === count;
    },
    { timeoutMs: 60_000, what: `${count} idle workers` },
  );

async function workerOf(id: number): Promise<number> {
  const [row] = await database.db.query<{ pid: number }>(
    'select w.pid from scraping_sessions s join worker_instances w using (worker_id) where s.id = $1',
    [id],
  );
  if (!row) throw new Error(`No worker runs session ${id}`);
  return row.pid;
}

async function leadCount(): Promise<number> {
  const [row] = await database.db.query<{ count: number }>('select count(*)::int as count from leads');
  return row?.count ?? 0;
}

describe('the way of a session through manager and worker', () => {
  it('is picked up at once on an idle system, saves its leads and completes', async () => {
    await start();
    await idleWorkers(1);
    const startedAtMs = performance.now();
    const id = await enqueue({ do: 'pages', origin: site.origin, count: 3 });
    await waitFor(async () => (await session(id)).status !== 'pending', { intervalMs: 5 });
    expect(performance.now() - startedAtMs).toBeLessThan(LONG ? 1_000 : 10_000);
    await reaches(id, 'completed');
    expect(await session(id)).toMatchObject({ leadsFound: 6, leadsNew: 6, cursor: 3 });
    expect(await leadCount()).toBe(6);
  });

  it('is heard of, however rarely anybody looks', async () => {
    const folder = await bundleWorkers();
    const manager = new WorkerManager({
      config: { numWorkers: 1, tickMs: 3_600_000, rescueMs: 3_600_000, drainGraceMs: 0 },
      events: createEventPublisher(database.db),
      queue,
      listen: (handlers) => listenToQueue({ connectionString: database.url, ...handlers }),
      logger: createLogger('manager', 'silent'),
      nodeId: 'node',
      workerEntry: path.join(folder, 'scraper-worker.mjs'),
      workerArgs: ['--scrapers', path.join(folder, 'scripted-scrapers.mjs')],
      workerEnv: { DATABASE_URL: database.url, LOG_LEVEL: 'silent', WORKER_CONCURRENCY: '3' },
      concurrency: 3,
    });
    try {
      manager.start();
      await idleWorkers(1);
      // They run until the end: a place that becomes free makes its worker look.
      for (const place of ['A', 'B', 'C']) await reaches(await enqueue({ do: 'wait' }, place), 'running', 20_000);
    } finally {
      await manager.stop(0);
    }
  });

  it('shows in the session log, in its attempts and in the figures of its worker', async () => {
    await start();
    const id = await enqueue({ do: 'throw', message: 'something unforeseen' }, 'Savannah', 0);
    await reaches(id, 'failed');
    const logs = await waitFor(async () => {
      const rows = await database.db.query('select level, message from session_logs where session_id = $1', [id]);
      return rows.length > 0 ? rows : null;
    });
    expect(logs.at(-1)?.message).toContain('something unforeseen');
    expect((await session(id)).errorCode).toBe('bug');
    const figures = await waitFor(async () => {
      const rows = await database.db.query('select jobs_processed, jobs_failed, memory_mb from worker_instances');
      return rows[0]?.jobs_failed === 1 ? rows[0] : null;
    });
    expect(figures.memory_mb).toBeGreaterThan(10);
  });

  it('runs several sessions at once in one worker', async () => {
    await start({ env: { WORKER_CONCURRENCY: '3' } });
    const ids = await Promise.all(['A', 'B', 'C'].map((place) => enqueue({ do: 'wait' }, place)));
    for (const id of ids) await reaches(id, 'running');
    expect(new Set((await Promise.all(ids.map(session))).map((row) => row.workerId)).size).toBe(1);
  });

  it('costs no query of a worker while there is nothing to do', async () => {
    await start();
    await idleWorkers(1);
    // A connection that is left idle is closed at some time, and its row is gone.
    const queriesAfter = async (time: unknown) => {
      const rows = await database.db.query(
        `select from pg_stat_activity where datname = current_database() and application_name like 'eko-worker%' and query_start > $1`,
        [time],
      );
      return rows.length;
    };
    // A worker that has just started still looks for work once; what it asked then is over when it has been silent for a while.
    const isSilent = async () => {
      const rows = await database.db.query(
        `select max(query_start) < clock_timestamp() - interval '2 seconds' as silent
         from pg_stat_activity where datname = current_database() and application_name like 'eko-worker%'`,
      );
      return rows[0]?.silent !== false;
    };
    await waitFor(isSilent, { timeoutMs: 20_000, what: 'the worker to be silent' });
    const before = (await database.db.query('select clock_timestamp()::text as now'))[0]?.now;
    const beats = async () =>
      (await database.db.query('select last_heartbeat from worker_instances'))[0]?.last_heartbeat;
    const first = String(await beats());
    await waitFor(async () => String(await beats()) !== first, { what: 'a heartbeat' });
    expect(await queriesAfter(before)).toBe(0);
  });
});

describe('a worker that dies', () => {
  it('by kill -9: its session runs again long before its lease is over and completes, no lead lost or doubled', async () => {
    await start({ workers: 2, env: { LOCK_TTL: '120' } });
    await idleWorkers(2);
    site.holdFrom(6);
    const id = await enqueue({ do: 'pages', origin: site.origin, count: 20 });
    await waitFor(() => site.requests.length === 6, { what: 'page 6' });
    const { claimNumber } = await session(id);
    process.kill(await workerOf(id), 'SIGKILL');
    const killedAtMs = performance.now();
    site.release();
    await waitFor(async () => {
      const row = await session(id);
      return row.status === 'running' && row.claimNumber > claimNumber;
    });
    expect(performance.now() - killedAtMs).toBeLessThan(LONG ? 3_000 : 20_000);
    await reaches(id, 'completed');
    expect(await session(id)).toMatchObject({ leadsFound: 40, leadsNew: 40, retryCount: 0 });
    expect(await leadCount()).toBe(40);
    // The page that was under way is read twice.
    expect(site.requests.length).toBe(21);
  });

  it('by its session: the session is charged and the worker replaced', async () => {
    const manager = await start();
    const id = await enqueue({ do: 'exit', code: 7 });
    await waitFor(async () => (await session(id)).crashCount === 1);
    await idleWorkers(1);
    expect(manager.lines.some((line) => line.message.includes('exit code 7'))).toBe(true);
  });

  it('by an error that nobody caught: says so once and is replaced', async () => {
    const manager = await start();
    await enqueue({ do: 'unhandled' });
    await waitFor(() => manager.lines.some((line) => line.message.includes('nobody caught')));
    await idleWorkers(1);
    expect(manager.lines.filter((line) => line.message.includes('nobody caught')).length).toBe(1);
  });

  it('at boot, again and again: the manager lives, waits longer each time and says why', async () => {
    const manager = await start({ scrapers: 'broken-scrapers' });
    const restarts = () => manager.lines.filter((line) => line.message === 'A new worker follows');
    await waitFor(() => restarts().length >= 2, { timeoutMs: 60_000 });
    const delays = restarts().map((line) => Number(line.delayMs));
    expect(delays[0]).toBeLessThanOrEqual(2_000);
    expect(delays[1]).toBeGreaterThanOrEqual(6_000);
    expect(isAlive(manager.pid)).toBe(true);
  });
});

describe('a manager that dies', () => {
  it('leaves no orphan behind, and the next one carries on', async () => {
    const first = await start({ workers: 2 });
    await idleWorkers(2);
    site.holdFrom(3);
    const id = await enqueue({ do: 'pages', origin: site.origin, count: 20 });
    await waitFor(() => site.requests.length === 3);
    const pids = first.workerPids();
    expect(pids.length).toBe(2);
    first.kill('SIGKILL');
    await waitFor(() => !pids.some(isAlive), {
      timeoutMs: LONG ? 10_000 : 30_000,
      what: 'the workers to end themselves',
    });
    site.release();
    await start();
    await reaches(id, 'completed');
    expect(await leadCount()).toBe(40);
  });
});

describe('stopping', () => {
  it('lets running sessions finish and claims no more', async () => {
    const manager = await start();
    await idleWorkers(1);
    site.holdFrom(3);
    const running = await enqueue({ do: 'pages', origin: site.origin, count: 10 });
    await waitFor(() => site.requests.length === 3);
    manager.kill('SIGTERM');
    await waitFor(() => manager.lines.some((line) => line.message.startsWith('Draining')));
    const late = await enqueue({ do: 'nothing' });
    site.release();
    expect(await manager.exited).toBe(0);
    expect((await session(running)).status).toBe('completed');
    expect((await session(late)).status).toBe('pending');
    expect(await database.db.query(`select from worker_instances where status <> 'stopped'`)).toEqual([]);
  });

  it('hands everything back at once at the second signal, unharmed', async () => {
    const manager = await start();
    const id = await enqueue({ do: 'wait' });
    await reaches(id, 'running');
    manager.kill('SIGTERM');
    await waitFor(() => manager.lines.some((line) => line.message.startsWith('Draining')));
    const atMs = performance.now();
    manager.kill('SIGTERM');
    expect(await manager.exited).toBe(0);
    // The grace is longer.
    expect(performance.now() - atMs).toBeLessThan(LONG ? 5_000 : 20_000);
    expect(await session(id)).toMatchObject({ status: 'pending', retryCount: 0, crashCount: 0 });
  });

  it('is not held up by a scraper that ignores its signal', async () => {
    const manager = await start();
    const id = await enqueue({ do: 'ignore-signal' });
    await reaches(id, 'running');
    manager.kill('SIGTERM');
    await waitFor(() => manager.lines.some((line) => line.message.startsWith('Draining')));
    manager.kill('SIGTERM');
    expect(await manager.exited).toBe(0);
    expect(await session(id)).toMatchObject({ status: 'pending', crashCount: 0 });
  });
});

describe('orders to a running session', () => {
  it('cancels it within a moment', async () => {
    await start();
    const id = await enqueue({ do: 'wait' });
    await reaches(id, 'running');
    expect(await queue.requestCancel(id)).toBe('cancelling');
    await reaches(id, 'cancelled', LONG ? 3_000 : 60_000);
  });

  it('ends it at its time limit, which counts as a try', async () => {
    await start({ env: { TEST_JOB_TIMEOUT_MS: '1000' } });
    const id = await enqueue({ do: 'wait' });
    await waitFor(async () => (await session(id)).retryCount === 1, { timeoutMs: 15_000 });
    expect(await session(id)).toMatchObject({ status: 'pending', errorCode: 'session_timeout' });
  });

  it('puts a throttled session to sleep without charging it', async () => {
    await start();
    const id = await enqueue({ do: 'throttled', retryAfterMs: 60_000 });
    await waitFor(async () => (await session(id)).claimNumber >= 2);
    expect(await session(id)).toMatchObject({ status: 'pending', retryCount: 0 });
  });
});
