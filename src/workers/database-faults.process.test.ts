import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { isAlive, type LogLine, type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { startTestPostgres, type TestPostgres } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { isDatabaseOutage, withDatabaseRetry } from './database-retry.ts';
import { JobQueue } from './queue/job-queue.ts';

/** LONG_RUN=1 asks for the full measure, by hand. */
const LONG = process.env.LONG_RUN === '1';
const PAGES = 15;

let postgres: TestPostgres;
let db: Db;
let admin: Db;
let site: NumberedSite;
let folder: string;
let manager: ManagerProcess;
/** The workers, which no fault of the database may end. */
let pids: number[];

beforeAll(async () => {
  // Commits that it has confirmed must outlive a crash; a small queue of notifications is soon full.
  postgres = await startTestPostgres({
    synchronous_commit: 'on',
    max_notify_queue_pages: '64',
    log_min_messages: 'fatal',
  });
  site = await startNumberedSite(10);
  folder = await mkdtemp(path.join(tmpdir(), 'eko-data-'));
});
beforeAll(async () => {
  const env = { EKO_ALLOW_ADDRESSES: site.address, EKO_DATA_DIR: folder, LOCK_TTL: '30', TEST_RATE_LIMIT_MS: '0' };
  manager = await startManagerProcess({ databaseUrl: postgres.url, workers: 2, env });
  db = createDb({ connectionString: postgres.url, applicationName: 'eko-test', max: 3 });
  admin = createDb({ connectionString: postgres.adminUrl, applicationName: 'eko-test-admin', max: 1 });
  await waitFor(() => manager.workerPids().length === 2, { timeoutMs: 60_000 });
  pids = manager.workerPids();
}, 180_000);
afterAll(async () => {
  await manager.destroy();
  await db.close();
  await admin.close();
  await site.close();
  await postgres.drop();
  await rm(folder, { recursive: true });
});

const patiently = <T>(work: () => Promise<T>) => withDatabaseRetry(work, { mayContinue: () => true, capMs: 200 });

/** Sessions that read pages for some seconds; the call is repeated until it is answered. @returns their ids. */
async function enqueue(count: number, key: string): Promise<number[]> {
  const params = { do: 'pages', origin: site.origin, count: PAGES };
  const sessions = Array.from({ length: count }, (_, index) => ({
    source: 'permits',
    location: `${key} ${index}`,
    params,
  }));
  const made = await patiently(() => new JobQueue({ db }).enqueue(sessions, { idempotencyKey: key }));
  return made.sessions.map(({ id }) => id);
}

async function leadsOf(ids: number[]): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'select count(distinct lead_id)::int as n from lead_sightings where session_id = any($1)',
    [ids],
  );
  return row?.n ?? 0;
}

async function untilCompleted(ids: number[], timeoutMs = 60_000): Promise<void> {
  const find = () =>
    db.query<{ n: number }>(
      `select count(*)::int as n from scraping_sessions where id = any($1) and status = 'completed'`,
      [ids],
    );
  await waitFor(async () => (await find())[0]?.n === ids.length, { timeoutMs, what: 'all sessions to complete' });
}

/** Every lead once, no try charged, and the same processes as before. */
async function expectUnharmed(ids: number[]): Promise<void> {
  expect(await leadsOf(ids)).toBe(ids.length * PAGES * 2);
  const tries = await db.query<{ found: number; retries: number }>(
    'select sum(leads_found)::int as found, sum(retry_count)::int as retries from scraping_sessions where id = any($1)',
    [ids],
  );
  expect(tries).toEqual([{ found: ids.length * PAGES * 2, retries: 0 }]);
  expect(isAlive(manager.pid)).toBe(true);
  expect(manager.workerPids()).toEqual(pids);
}

/** How long it took until more was saved than before. */
async function untilWorkingAgain(ids: number[]): Promise<number> {
  const startedAtMs = performance.now();
  const found = await patiently(() => leadsOf(ids));
  const isMore = async () => {
    const now = await leadsOf(ids);
    return now > found || now === ids.length * PAGES * 2;
  };
  await waitFor(isMore, { timeoutMs: 60_000, what: 'more leads than before' });
  return performance.now() - startedAtMs;
}

const untilSomeLeads = (ids: number[]) =>
  waitFor(async () => (await leadsOf(ids)) >= 4, { timeoutMs: 30_000, what: 'the first leads' });

const isTrouble = ({ level, message }: LogLine) => level === 'warn' && message.includes('database');

const report = (line: string) => process.stdout.write(`${line}\n`);

describe('a server that crashes under load', () => {
  const CRASHES = LONG ? 50 : 2;

  it(`loses no acknowledged session and no lead in ${CRASHES} crashes, and ends no process`, async () => {
    const acknowledged = await enqueue(LONG ? 60 : 2, 'load');
    const backMs: number[] = [];
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await untilWorkingAgain(acknowledged);
      const during = enqueue(1, `crash ${crash}`);
      await postgres.stop('immediate');
      await postgres.start();
      backMs.push(await untilWorkingAgain(acknowledged));
      acknowledged.push(...(await during));
    }
    await untilCompleted(acknowledged, LONG ? 300_000 : 60_000);
    await expectUnharmed(acknowledged);
    backMs.sort((a, b) => a - b);
    const p95 = backMs[Math.ceil(backMs.length * 0.95) - 1] ?? 0;
    report(
      `crash restarts: ${CRASHES}, acknowledged lost 0 of ${acknowledged.length}, working again p95 ${Math.round(p95)} ms`,
    );
    if (LONG) expect(p95).toBeLessThan(5_000);
  }, 900_000);
});

describe('a server that cannot write for a while', () => {
  it('is waited for while it is read-only, as after a fail-over', async () => {
    const ids = await enqueue(2, 'read-only');
    await untilSomeLeads(ids);
    const seen = manager.lines.length;
    await admin.query('alter system set default_transaction_read_only = on');
    await admin.query('select pg_reload_conf()');
    await waitFor(
      async () => {
        const error = await db.query('update scraping_sessions set priority = priority').then(
          () => null,
          (cause: unknown) => cause,
        );
        return error !== null && isDatabaseOutage(error);
      },
      { timeoutMs: 20_000 },
    );
    await waitFor(() => manager.lines.slice(seen).some(isTrouble), { timeoutMs: 30_000, what: 'a warning' });
    // This connection may still write settings: only transactions are read-only.
    await admin.query('alter system reset default_transaction_read_only');
    await admin.query('select pg_reload_conf()');
    const tookMs = await untilWorkingAgain(ids);
    await untilCompleted(ids);
    await expectUnharmed(ids);
    if (LONG) expect(tookMs).toBeLessThan(15_000);
    report(`read-only: working again ${Math.round(tookMs)} ms after it ended`);
  }, 120_000);

  it('is waited for while it has no connection left for us', async () => {
    const ids = await enqueue(2, 'connections');
    await untilSomeLeads(ids);
    const seen = manager.lines.length;
    // The same refusal (53300) as when others hold them all, without a race for the last one.
    await admin.query('alter role eko connection limit 0');
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'eko'`);
    await waitFor(() =>
      db.query('select 1').then(
        () => false,
        (error: { code?: string }) => error.code === '53300',
      ),
    );
    await waitFor(() => manager.lines.slice(seen).some(isTrouble), { timeoutMs: 30_000, what: 'a warning' });
    await admin.query('alter role eko connection limit -1');
    const tookMs = await untilWorkingAgain(ids);
    await untilCompleted(ids);
    await expectUnharmed(ids);
    if (LONG) expect(tookMs).toBeLessThan(15_000);
    report(`too many connections: working again ${Math.round(tookMs)} ms after there were some`);
  }, 120_000);
});

describe('a full queue of notifications', () => {
  it('fails no enqueue, and sessions are picked up by looking', async () => {
    const blocker = new pg.Client({ connectionString: postgres.url });
    await blocker.connect();
    try {
      // It keeps its place in the queue for as long as its transaction lasts.
      await blocker.query('listen eko_blocked');
      await blocker.query('begin');
      await blocker.query('select 1');
      const filled = await waitFor(
        () =>
          db.query(`select pg_notify('eko_fill', repeat('x', 7000) || generate_series(1, 50))`).then(
            () => false,
            (error: { code?: string }) => error.code,
          ),
        { timeoutMs: 20_000, intervalMs: 1, what: 'the queue to be full' },
      );
      expect(filled).toBe('54000');
      const rounds = LONG ? 20 : 2;
      const ids: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const { sessions } = await new JobQueue({ db }).enqueue([
          { source: 'permits', location: `full ${round}`, params: { do: 'nothing' } },
        ]);
        ids.push(...sessions.map(({ id }) => id));
        await untilCompleted(ids);
      }
      const [row] = await db.query<{ slowest: number }>(
        `select max(extract(epoch from m.started_at - s.created_at))::float8 as slowest
         from scraping_sessions s join scraper_metrics m on m.session_id = s.id where s.id = any($1)`,
        [ids],
      );
      report(`full NOTIFY queue: failed enqueues 0 of ${rounds}, picked up after at most ${row?.slowest.toFixed(2)} s`);
      expect(row?.slowest).toBeLessThan(LONG ? 4 : 15);
    } finally {
      await blocker.end();
    }
    // It stays full after the blocker has left, until a wake-up fails and asks for its usage.
    const queue = new JobQueue({ db });
    const hasRoom = async () => {
      await queue.enqueue([{ source: 'permits', location: 'healing', params: { do: 'nothing' } }]);
      return await db.query(`select pg_notify('eko_fill', 'room again')`);
    };
    await waitFor(hasRoom, { timeoutMs: 20_000, intervalMs: 100, what: 'room in the queue' });
  }, 120_000);
});
