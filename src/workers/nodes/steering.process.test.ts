import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '#lib/logger.ts';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';
import { createEventPublisher } from '../events.ts';
import { WorkerManager } from '../manager/manager.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { listenToQueue } from '../queue/queue-listener.ts';
import type { MachineSample } from './machine-sampler.ts';
import { NodeKeeper } from './node-keeper.ts';
import { PgNodeStore } from './node-store.ts';

let database: TestDatabase;
let queue: JobQueue;
const managers: ManagerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  queue = new JobQueue({ db: database.db });
});

afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.destroy()));
  await database.drop();
});

const PATIENT = { timeoutMs: 60_000 };

async function start(workers: number, env: Record<string, string> = {}, args: string[] = []): Promise<ManagerProcess> {
  const manager = await startManagerProcess({
    databaseUrl: database.url,
    workers,
    args,
    env: { NODE_ID: 'node-a', WORKER_CONCURRENCY: '2', ...env },
  });
  managers.push(manager);
  return manager;
}

async function enqueue(what: 'wait' | 'nothing'): Promise<number> {
  const { sessions } = await queue.enqueue([{ source: 'permits', location: 'Savannah', params: { do: what } }]);
  return sessions[0]?.id ?? 0;
}

const count = async (from: string) => (await database.db.query(`select from ${from}`)).length;

const sessionsIn = (status: string, number: number) =>
  waitFor(async () => (await count(`scraping_sessions where status = '${status}'`)) === number, {
    ...PATIENT,
    what: `${number} sessions to be ${status}`,
  });

const workersAre = (number: number) =>
  waitFor(
    async () =>
      (await count(`worker_instances where status in ('idle', 'running') and lease_until > now()`)) === number &&
      (await count(`nodes where active_workers = ${number}`)) === 1,
    { ...PATIENT, what: `${number} workers` },
  );

/** What the API does. */
async function order(change: string): Promise<void> {
  await database.db.query(`update nodes set ${change}`);
  await database.db.query(`select pg_notify('eko_queue', 'order')`);
}

const says = (manager: ManagerProcess, text: string) =>
  waitFor(() => manager.lines.some(({ message }) => message.includes(text)), { ...PATIENT, what: `"${text}"` });

/** Like a person who has no time. */
async function end(manager: ManagerProcess): Promise<void> {
  manager.kill('SIGTERM');
  await says(manager, 'Draining;');
  manager.kill('SIGTERM');
  await manager.exited;
}

/** Long enough for everybody to have looked for work again. */
async function letBeat(): Promise<void> {
  const seen = async () => String((await database.db.query('select last_seen_at from nodes'))[0]?.last_seen_at);
  for (let beats = 0; beats < 3; beats += 1) {
    const before = await seen();
    await waitFor(async () => (await seen()) !== before, { ...PATIENT, what: 'a heartbeat' });
  }
}

it('goes to as many workers as its row says, and lets the idle ones leave first', async () => {
  await start(1, { WORKER_ID: 'roof' });
  await workersAre(1);
  await order('desired_workers = 3');
  await workersAre(3);
  const names = await database.db.query('select worker_id from worker_instances order by 1');
  expect(names.map((row) => row.worker_id)).toEqual(['roof', 'roof-2', 'roof-3']);
  const running = await enqueue('wait');
  await sessionsIn('running', 1);
  // Its manager hears of it from the worker, a moment later.
  const isKnown = async () => (await count('worker_instances where active_sessions = 1')) === 1;
  await waitFor(isKnown, { ...PATIENT, what: 'the manager to know who is busy' });
  await order('desired_workers = 1');
  await workersAre(1);
  expect(await count(`scraping_sessions where id = ${running} and status = 'running' and claim_number = 1`)).toBe(1);
});

it('claims nothing while it is paused, also after a restart of its manager, and what runs goes on', async () => {
  const first = await start(1);
  const running = await enqueue('wait');
  await sessionsIn('running', 1);
  await order(`mode = 'paused', desired_workers = 1`);
  await says(first, 'Paused by people');
  // A claim that was begun before that may still be under way.
  await letBeat();
  const waiting = await enqueue('nothing');
  await letBeat();
  expect(await count(`scraping_sessions where id = ${waiting} and status = 'pending' and claim_number = 0`)).toBe(1);
  expect(await count(`scraping_sessions where id = ${running} and status = 'running' and claim_number = 1`)).toBe(1);

  await end(first);
  expect(await count(`nodes where status = 'gone' and mode = 'paused'`)).toBe(1);
  const second = await start(2);
  await says(second, 'Paused by people');
  await says(second, 'Going from 2 to 1 workers');
  await workersAre(1);
  await letBeat();
  expect(await count(`scraping_sessions where status = 'pending'`)).toBe(2);
  await order(`mode = 'active'`);
  await sessionsIn('completed', 1);
  await sessionsIn('running', 1);
});

it('has no workers while it is drained, once they have finished what they ran', async () => {
  const manager = await start(2);
  const running = await enqueue('wait');
  await sessionsIn('running', 1);
  await order(`mode = 'draining'`);
  await says(manager, 'Drained by people');
  await waitFor(async () => (await count('nodes where active_workers = 1')) === 1, { ...PATIENT, what: 'one worker' });
  expect(await count(`scraping_sessions where id = ${running} and status = 'running' and claim_number = 1`)).toBe(1);
  await queue.requestCancel(running);
  await sessionsIn('cancelled', 1);
  await workersAre(0);
  await waitFor(() => manager.workerPids().length === 0, { ...PATIENT, what: 'all processes to be gone' });
  await order(`mode = 'active'`);
  await workersAre(2);
});

it('says that a run cannot end while people want its machine to stand still, and ends it when they no longer do', async () => {
  const first = await start(1);
  await workersAre(1);
  await order('desired_workers = 0');
  await says(first, 'Scaled to 0 by people');
  await end(first);
  const waiting = await enqueue('nothing');
  const second = await start(1, {}, ['--drain']);
  await says(second, 'This run waits for as long as its machine is scaled to 0 by people');
  await letBeat();
  expect(await count(`scraping_sessions where id = ${waiting} and status = 'pending' and claim_number = 0`)).toBe(1);
  const told = second.lines.filter(({ resume }) => resume === 'npx eko nodes scale node-a default');
  expect(told.map(({ level }) => level)).toEqual(['warn', 'warn']);
  await order('desired_workers = null');
  expect(await second.exited).toBe(0);
  await sessionsIn('completed', 1);
});

it('does not obey what is meant for another manager of the same name, and says so', async () => {
  const first = await start(1);
  await workersAre(1);
  const second = await start(1);
  await says(second, `Another manager (process ${first.pid} on`);
  await order('desired_workers = 2');
  await waitFor(async () => (await count(`worker_instances where status = 'idle'`)) === 3, PATIENT);
  await says(first, 'Going from 1 to 2 workers');
  expect(second.lines.some(({ message }) => message.startsWith('Going from'))).toBe(false);
  // The row passes on with what people want of it.
  first.kill('SIGKILL');
  await says(second, 'This manager now reports for its node');
  await says(second, 'Going from 1 to 2 workers');
});

/** The row of a manager that was killed on another host a moment ago, when people had paused it. */
async function leavePausedRow(): Promise<void> {
  const killed = await start(1);
  await workersAre(1);
  await end(killed);
  await order(
    `hostname = 'elsewhere', manager_pid = 1, status = 'healthy', mode = 'paused', last_seen_at = clock_timestamp()`,
  );
}

it('claims nothing when it comes back under another host name and finds its machine paused', async () => {
  await leavePausedRow();
  const waiting = await enqueue('nothing');
  const manager = await start(1);
  await says(manager, 'Paused by people');
  const isOwn = async () => (await count(`nodes where manager_pid = ${manager.pid} and mode = 'paused'`)) === 1;
  await waitFor(isOwn, { ...PATIENT, what: 'the row to be its own' });
  await letBeat();
  expect(await count(`scraping_sessions where id = ${waiting} and claim_number = 0`)).toBe(1);
  expect(manager.lines.some(({ message }) => message.startsWith('Another manager'))).toBe(false);
});

it('works by its own settings beside a paused manager of its name that lives', async () => {
  await leavePausedRow();
  await enqueue('nothing');
  // The other one must not seem to be gone, should this process be late with its heartbeats.
  const manager = await start(1, { LOCK_TTL: '40' });
  await says(manager, 'Paused by people');
  await waitFor(
    async () => {
      await order('last_seen_at = clock_timestamp()');
      return (await count(`scraping_sessions where status = 'completed'`)) === 1;
    },
    { ...PATIENT, intervalMs: 300, what: 'the session to be done' },
  );
  await says(manager, 'Another manager (process 1 on elsewhere)');
});

it('takes half as much while the machine is degraded, nothing while it is unhealthy, and all again when it is well', async () => {
  const folder = await bundleWorkers();
  const logger = createLogger('manager', 'silent');
  const { db, url } = database;
  let memoryPercent = 93;
  let atMs = 0;
  const sample = async (): Promise<MachineSample> => {
    atMs += 10_000;
    const rest = { cpuPercent: 5, diskPercent: 5, diskFreeMb: 90_000, cpuCount: 2, memoryLimitMb: 1_024 };
    return { atMs, memoryPercent, ...rest };
  };
  const node = new NodeKeeper({
    ...{ logger, sample, nodeId: 'node-b', version: null, nodes: new PgNodeStore(db) },
    ...{ configuredWorkers: 1, concurrency: 2, heartbeatMs: 300, leaseMs: 30_000 },
    events: createEventPublisher(db),
  });
  const manager = new WorkerManager({
    config: { numWorkers: 1, heartbeatMs: 300, drainGraceMs: 0 },
    ...{ queue, logger, nodeId: 'node-b', concurrency: 2, events: createEventPublisher(db) },
    listen: (handlers) => listenToQueue({ connectionString: url, ...handlers }),
    workerEntry: path.join(folder, 'scraper-worker.mjs'),
    workerArgs: ['--scrapers', path.join(folder, 'scripted-scrapers.mjs')],
    workerEnv: { DATABASE_URL: url, LOG_LEVEL: 'silent', WORKER_CONCURRENCY: '2' },
    duties: [node.duty],
  });
  node.steer(manager);
  const statusIs = (status: string) =>
    waitFor(async () => (await count(`nodes where status = '${status}'`)) === 1, { ...PATIENT, what: status });
  try {
    manager.start();
    await statusIs('degraded');
    // A claim that was begun before that may still be under way.
    await letBeat();
    const ids = [await enqueue('wait'), await enqueue('wait'), await enqueue('wait')];
    await sessionsIn('running', 1);
    await letBeat();
    await sessionsIn('running', 1);
    memoryPercent = 40;
    await statusIs('healthy');
    await sessionsIn('running', 2);
    memoryPercent = 99;
    await statusIs('unhealthy');
    await queue.requestCancel(ids[0] ?? 0);
    await sessionsIn('cancelled', 1);
    await letBeat();
    await sessionsIn('running', 1);
    expect(await count(`scraping_sessions where status = 'pending'`)).toBe(1);
    memoryPercent = 40;
    await sessionsIn('running', 2);
  } finally {
    await manager.stop(0);
    await node.leave();
  }
});
