import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isAlive,
  type ManagerProcess,
  type ManagerProcessOptions,
  startManagerProcess,
} from '#test/manager-process.ts';
import { type NumberedSite, startNumberedSite } from '#test/numbered-site.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import { JobQueue } from './queue/job-queue.ts';

/** LONG_RUN=1 asks for the full measure, by hand, on a machine that does nothing else. */
const LONG = process.env.LONG_RUN === '1';
/** Managers that are stopped at the same time, and how often. */
const MANAGERS = LONG ? 4 : 1;
const ROUNDS = LONG ? 50 : 1;

/** A manager whose launcher is gone stops with this grace; one that gets a signal, with the longer one. */
const GRACE_MS = LONG ? 25_000 : 2_000;
/** How much longer it may take; a machine that does other things too gets more. */
const MARGIN_MS = LONG ? 2_000 : 20_000;
const PATIENCE_MS = LONG ? 300_000 : 60_000;

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
  await endAll();
  await site.close();
  await database.drop();
});

const endAll = () => Promise.all(managers.splice(0).map((manager) => manager.destroy()));

async function startAll(options: Partial<ManagerProcessOptions> = {}): Promise<void> {
  const { env, ...rest } = options;
  const started = Array.from({ length: MANAGERS }, (_, index) =>
    startManagerProcess({
      databaseUrl: database.url,
      env: { EKO_ALLOW_ADDRESSES: site.address, WORKER_CONCURRENCY: '1', NODE_ID: `machine-${index}`, ...env },
      ...rest,
    }),
  );
  managers.push(...(await Promise.all(started)));
}

interface Row {
  status: string;
  claim_number: number;
  retry_count: number;
  crash_count: number;
}

const sessions = () =>
  database.db.query<Row & Record<string, unknown>>(
    'select status, claim_number, retry_count, crash_count from scraping_sessions order by id',
  );

async function enqueue(params: Record<string, unknown>, count = MANAGERS): Promise<void> {
  await queue.enqueue(
    Array.from({ length: count }, (_, index) => ({ source: 'permits', location: `Place ${index}`, params })),
  );
}

/** The claim number is raised by a claim and by a release, and by nothing else. */
const handedBackOnce = (round: number): Row => ({
  status: 'pending',
  claim_number: 2 * round,
  retry_count: 0,
  crash_count: 0,
});

const allEnd = async () =>
  expect(await Promise.all(managers.map(({ exited }) => exited))).toEqual(managers.map(() => 0));

const allRun = () =>
  waitFor(
    async () => {
      const rows = await sessions();
      if (rows.filter(({ status }) => status === 'running').length === MANAGERS) return true;
      // Says at the deadline what there was instead.
      throw new Error(JSON.stringify(rows));
    },
    { timeoutMs: PATIENCE_MS, what: 'a session in each manager' },
  );

const allDrain = () =>
  waitFor(() => managers.every(({ lines }) => lines.some(({ message }) => message.startsWith('Draining'))), {
    timeoutMs: PATIENCE_MS,
    intervalMs: 5,
    what: 'all managers to drain',
  });

describe('a manager that is stopped in the middle of long sessions', () => {
  it(
    'claims no more, beats on, and hands back at the end of its grace what nobody is charged for',
    async () => {
      for (let round = 1; round <= ROUNDS; round += 1) {
        if (round === 1) await enqueue({ do: 'wait' });
        await startAll();
        await allRun();
        const startedAtMs = performance.now();
        for (const manager of managers) {
          if (LONG) manager.kill('SIGTERM');
          else manager.process.disconnect();
        }
        const pids = managers.flatMap((manager) => manager.workerPids());
        await allDrain();
        await enqueue({ do: 'nothing' }, 1);
        await allEnd();
        const tookMs = performance.now() - startedAtMs;
        expect(tookMs).toBeLessThan(GRACE_MS + MARGIN_MS);
        // The grace is theirs: nobody hands back before it is over. Two clocks tell it, hence the tenth.
        expect(tookMs).toBeGreaterThan(GRACE_MS * 0.9);
        const [late, ...held] = (await sessions()).toReversed();
        expect(late).toMatchObject({ status: 'pending', claim_number: 0 });
        for (const row of held) expect(row).toEqual(handedBackOnce(round));
        await expectBeats(pids);
        await database.db.query('delete from scraping_sessions where claim_number = 0');
        await endAll();
      }
    },
    LONG ? 3_600_000 : 120_000,
  );

  it(
    'hands each session back once, whichever two signals come however close together',
    async () => {
      await enqueue({ do: 'wait' });
      for (let round = 1; round <= ROUNDS; round += 1) {
        await startAll();
        await allRun();
        // From nothing at all to long after the drain has begun.
        await signalTwice(round, round % 2 === 0 ? 0 : 20 * round);
        await allEnd();
        for (const row of await sessions()) expect(row).toEqual(handedBackOnce(round));
        await endAll();
      }
    },
    LONG ? 1_800_000 : 120_000,
  );

  it(
    'hands back at once what was claimed and not yet begun',
    async () => {
      await enqueue({ do: 'nothing' }, 4 * MANAGERS);
      // Long enough for a claim to be seen before it is begun.
      const faults = `after_claim=hang:${LONG ? 1_500 : 6_000}`;
      for (let round = 1; round <= (LONG ? 125 : 1); round += 1) {
        await startAll({ env: { EKO_INTERNAL_FAULTS: faults, WORKER_CONCURRENCY: '4' } });
        const running = async () => (await sessions()).filter(({ status }) => status === 'running').length;
        await waitFor(async () => (await running()) > 0, { timeoutMs: PATIENCE_MS, intervalMs: 5, what: 'a claim' });
        for (const manager of managers) manager.kill('SIGTERM');
        await allEnd();
        const rows = await sessions();
        expect(rows.filter(({ status }) => status !== 'pending')).toEqual([]);
        expect(rows.filter(({ retry_count, crash_count }) => retry_count + crash_count > 0)).toEqual([]);
        await endAll();
      }
    },
    LONG ? 1_800_000 : 120_000,
  );
});

/** That the managers have gone on with the heartbeats of these workers while they drained. */
async function expectBeats(pids: number[]): Promise<void> {
  const drains = managers.flatMap(({ lines }) => lines.filter(({ message }) => message.startsWith('Draining')));
  // A worker's change is told once, soon after it; beats that come later are those of the interval.
  const beaten = await database.db.query(
    `select from worker_instances where pid = any($1) and last_heartbeat > $2::timestamptz + interval '500 ms'`,
    [
      pids,
      drains
        .map(({ time }) => String(time))
        .toSorted()
        .at(-1),
    ],
  );
  expect(beaten).toHaveLength(MANAGERS);
}

async function signalTwice(round: number, pauseMs: number): Promise<void> {
  const pairOf = (index: number) => PAIRS[(round + index) % PAIRS.length] ?? ['SIGTERM', 'SIGTERM'];
  for (const [index, manager] of managers.entries()) manager.kill(pairOf(index)[0]);
  await wait(pauseMs);
  for (const [index, manager] of managers.entries()) manager.kill(pairOf(index)[1]);
}

const PAIRS: [NodeJS.Signals, NodeJS.Signals][] = [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
];

describe('a process group that gets SIGTERM and then SIGKILL, as from a supervisor that knows no better', () => {
  // What a machine held that is gone as a whole comes back after its lease and the time limit of its requests: too long for CI.
  it.skipIf(!LONG)(
    'loses and doubles nothing, and leaves nobody behind',
    async () => {
      const pages = 8;
      const count = 6 * ROUNDS;
      await enqueue({ do: 'pages', origin: site.origin, count: pages }, count);
      for (let round = 1; round <= ROUNDS; round += 1) {
        await startAll({ ownGroup: true });
        const done = async () => (await sessions()).filter(({ status }) => status === 'completed').length;
        const leads = async () => Number((await database.db.query('select count(*) as n from leads'))[0]?.n);
        const before = await leads();
        await waitFor(async () => (await leads()) > before || (await done()) === count, {
          timeoutMs: PATIENCE_MS,
          what: 'a lead',
        });
        const pids = managers.flatMap((manager) => [manager.pid, ...manager.workerPids()]);
        for (const { pid } of managers) process.kill(-pid, 'SIGTERM');
        await wait(50 * (round % 5));
        for (const { pid } of managers) killGroup(pid);
        await Promise.all(managers.map(({ exited }) => exited));
        await waitFor(() => !pids.some(isAlive), { timeoutMs: PATIENCE_MS, what: 'all processes to be gone' });
        await endAll();
      }
      await startAll();
      const open = async () => (await sessions()).filter(({ status }) => status !== 'completed').length;
      await waitFor(async () => (await open()) === 0, { timeoutMs: LONG ? 600_000 : PATIENCE_MS, what: 'the rest' });
      const [sums] = await database.db.query(
        `select sum(leads_found)::int as found, sum(leads_new)::int as fresh, (select count(*)::int from leads) as leads,
           sum(crash_count)::int as crashes from scraping_sessions`,
      );
      expect(sums).toEqual({
        found: count * pages * 2,
        fresh: count * pages * 2,
        leads: count * pages * 2,
        crashes: 0,
      });
    },
    3_600_000,
  );
});

/** It may have ended in time. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
