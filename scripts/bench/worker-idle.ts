import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { quantile, startBenchServer } from './bench-server.ts';

/**
 * What an idle worker costs and how soon it wakes: resident memory, statements per 10 s, and the time from a trigger to the
 * claim. Runs the production bundles (npm run build first) against a PostgreSQL of its own with stock settings.
 */
const ROOT = path.resolve(import.meta.dirname, '../..');
const BUNDLE = path.join(ROOT, 'dist/start-workers.js');
const WORKERS = 3;
const TRIGGERS = 100;

/** Long enough for garbage of the start to be collected and for several heartbeats. */
const SETTLE_MS = 15_000;
const OBSERVE_MS = 20_000;

if (!existsSync(BUNDLE)) throw new Error(`"${BUNDLE}" is missing: run "npm run build" first`);
const server = await startBenchServer();
const db = createDb({ connectionString: server.url, applicationName: 'eko-bench' });
const manager = startManager(server.url);
try {
  await measure(db, manager);
} finally {
  manager.kill('SIGTERM');
  await new Promise((resolve) => manager.once('exit', resolve));
  await db.close();
  await server.drop();
}

function startManager(url: string): ChildProcess {
  return fork(BUNDLE, ['--workers', String(WORKERS)], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function measure(db: Db, manager: ChildProcess): Promise<void> {
  const workers = await waitFor(
    async () => {
      const rows = await db.query<{ pid: number }>(`select pid from worker_instances where status = 'idle'`);
      return rows.length === WORKERS ? rows.map((row) => row.pid) : null;
    },
    { timeoutMs: 30_000, what: `${WORKERS} idle workers` },
  );
  await wait(SETTLE_MS);
  console.log(`worker idle RSS MB: ${workers.map(residentMb).join(' ')}; manager: ${residentMb(manager.pid ?? 0)}`);
  const before = await countTransactions(db);
  await wait(OBSERVE_MS);
  const perTenSeconds = ((await countTransactions(db)) - before - 1) / (OBSERVE_MS / 10_000);
  console.log(`statements per 10 s, all of ${WORKERS} workers and their manager: ${perTenSeconds.toFixed(1)}`);
  console.log('  of these heartbeats about 2, looks for due and ready sessions 6, rescue 4, probe of the listener 1');
  console.log(
    `  by workers: ${await workerStatements(db)} connections used by a worker within the last ${OBSERVE_MS / 1_000} s`,
  );
  const delays = await measurePickUp(db);
  const [p50, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)];
  console.log(`trigger to claimed, idle system, ${TRIGGERS} times: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
}

/** As the kernel counts it: VmRSS. */
function residentMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? Number.NaN) / 1_024);
}

/** Every statement outside a transaction block is one transaction. The statistics of a backend arrive within a second. */
async function countTransactions(db: Db): Promise<number> {
  await wait(1_500);
  const [row] = await db.query<{ count: number }>(
    'select (xact_commit + xact_rollback)::int8 as count from pg_stat_database where datname = current_database()',
  );
  return row?.count ?? Number.NaN;
}

async function workerStatements(db: Db): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where application_name like 'eko-worker%' and query_start > now() - make_interval(secs => $1)`,
    [OBSERVE_MS / 1_000],
  );
  return row?.count ?? Number.NaN;
}

/** Each session is refused at once (its place is unknown), which is the shortest way through a worker. */
async function measurePickUp(db: Db): Promise<number[]> {
  const queue = new JobQueue({ db });
  for (let count = 0; count < TRIGGERS; count += 1) {
    await queue.enqueue([{ source: 'permits', location: 'Nowhere in particular' }]);
    await waitFor(
      async () => (await db.query(`select from scraping_sessions where status in ('pending', 'running')`)).length === 0,
    );
    await wait(60);
  }
  const rows = await db.query<{ ms: number }>(
    'select (extract(epoch from m.started_at - s.created_at) * 1000)::float8 as ms from scraper_metrics m join scraping_sessions s on s.id = m.session_id',
  );
  return rows.map((row) => row.ms);
}
