import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db.ts';
import type { CatchUpPolicy } from '#lib/db/schema/vocabulary.ts';
import { type Logger, silentLogger } from '#lib/logger.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ManagerDuty } from '../manager/manager-duty.ts';
import { JobQueue } from '../queue/job-queue.ts';
import { createScheduleDuty } from './schedule-duty.ts';

let database: TestDatabase;
let otherDb: Db;
let duty: ManagerDuty;
let otherDuty: ManagerDuty;

beforeAll(async () => {
  database = await createTestDatabase();
  otherDb = createDb({ connectionString: database.url, applicationName: 'eko-test-other', max: 4 });
  duty = dutyOn(database.db);
  otherDuty = dutyOn(otherDb);
});
afterAll(async () => {
  await otherDb.close();
  await database.drop();
});
beforeEach(() => database.db.query('truncate schedules, schedule_runs, scraping_sessions, session_batches'));

function dutyOn(db: Db, logger: Logger = silentLogger()): ManagerDuty {
  return createScheduleDuty({
    db,
    queue: new JobQueue({ db }),
    logger,
    defaultMaxRetries: 3,
  });
}

const simulated = (location: string) => ({ source: 'simulated', location });
/** Occurrences at midnight: no test sees another one come while it runs. */
const DAY = 1_440;
const never = new AbortController().signal;

interface ScheduleSetup {
  cron?: string;
  everyMinutes?: number;
  targets?: unknown[];
  batchSize?: number;
  jitterSeconds?: number;
  allowOverlap?: boolean;
  catchUp?: CatchUpPolicy;
  catchUpMax?: number;
  paused?: boolean;
  /** How long before today's midnight the last occurrence was settled, as a PostgreSQL interval. */
  settled?: string;
}

/** Makes a schedule that was last looked at some time ago. */
async function addSchedule(setup: ScheduleSetup = {}): Promise<number> {
  const {
    cron = null,
    everyMinutes = cron === null ? DAY : null,
    settled = '1 day',
    targets = [simulated('A')],
  } = setup;
  const [row] = await database.db.query<{ id: number }>(
    `insert into schedules (name, cron, every_minutes, targets, batch_size, jitter_seconds, allow_overlap, catch_up,
       catch_up_max, paused, settled_until, next_at)
     select 'test', $1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, at, at + interval '1 second'
     from (select date_trunc('day', clock_timestamp(), 'UTC') - $10::interval as at) as last returning id`,
    [
      cron,
      everyMinutes,
      JSON.stringify(targets),
      setup.batchSize ?? null,
      setup.jitterSeconds ?? 0,
      setup.allowOverlap ?? false,
      setup.catchUp ?? 'latest',
      setup.catchUpMax ?? 10,
      setup.paused ?? false,
      settled,
    ],
  );
  if (!row) throw new Error('No schedule was made.');
  return row.id;
}

interface RunRow {
  occurrence: Date;
  outcome: string;
  sessions: number;
  reason: string | null;
  batchId: string | null;
}

const runsOf = (id: number) =>
  database.db.query<RunRow & Record<string, unknown>>(
    `select occurrence, outcome, sessions, reason, batch_id as "batchId" from schedule_runs
     where schedule_id = $1 order by occurrence`,
    [id],
  );
const outcomesOf = async (id: number) => (await runsOf(id)).map(({ outcome }) => outcome);
const sessionsLeft = () =>
  database.db.query<{
    location: string;
    wakeInS: number | null;
    batchId: string;
    priority: number;
    maxRetries: number;
  }>(
    `select location, batch_id as "batchId", priority, max_retries as "maxRetries",
       extract(epoch from wake_at - clock_timestamp())::float8 as "wakeInS" from scraping_sessions order by id`,
  );
const scheduleRow = async (id: number) => {
  const [row] = await database.db.query<{ nextAt: Date | null; settledUntil: Date; position: number; now: Date }>(
    `select next_at as "nextAt", settled_until as "settledUntil", position, clock_timestamp() as now
     from schedules where id = $1`,
    [id],
  );
  if (!row) throw new Error(`There is no schedule ${id}.`);
  return row;
};
/** With the number of the transaction that last locked it. */
const rowOf = (id: number) => database.db.query('select xmax::text, * from schedules where id = $1', [id]);
const endSessions = () => database.db.query(`update scraping_sessions set status = 'completed'`);

describe('a due schedule', () => {
  it('starts its sessions with its record, and moves on', async () => {
    const id = await addSchedule({ targets: [simulated('A'), simulated('B')] });
    await duty.run(never);
    const [run, ...others] = await runsOf(id);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ outcome: 'started', sessions: 2, reason: null });
    const sessions = await sessionsLeft();
    expect(sessions).toMatchObject([
      { location: 'A', batchId: run?.batchId, wakeInS: null, maxRetries: 3 },
      { location: 'B', batchId: run?.batchId },
    ]);
    const { nextAt, settledUntil, now } = await scheduleRow(id);
    expect(settledUntil).toEqual(run?.occurrence);
    expect(nextAt?.getTime()).toBeGreaterThan(now.getTime());
    await duty.run(never);
    expect(await runsOf(id)).toHaveLength(1);
  });

  it('takes so many targets as its batch has, going round', async () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
    const id = await addSchedule({ targets: names.map(simulated), batchSize: 5 });
    await duty.run(never);
    expect((await sessionsLeft()).map(({ location }) => location)).toEqual(['A', 'B', 'C', 'D', 'E']);
    await endSessions();
    await database.db.query(
      `update schedules set next_at = settled_until, settled_until = settled_until - interval '1 day'`,
    );
    await database.db.query('delete from schedule_runs');
    await duty.run(never);
    expect((await sessionsLeft()).slice(5).map(({ location }) => location)).toEqual(['F', 'G', 'A', 'B', 'C']);
    expect((await scheduleRow(id)).position).toBe(3);
  });

  it('spreads its sessions over the jitter', async () => {
    await addSchedule({ targets: Array.from({ length: 20 }, (_, n) => simulated(`P${n}`)), jitterSeconds: 7_200 });
    await duty.run(never);
    const waits = (await sessionsLeft()).map(({ wakeInS }) => wakeInS ?? 0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(7_200);
    expect(new Set(waits.map((wait) => Math.floor(wait / 600))).size).toBeGreaterThan(4);
  });

  it('is found behind any number of those that wait', async () => {
    const waiting = await addSchedule({ settled: '2 days', catchUp: 'all' });
    await duty.run(never);
    await database.db.query(
      `insert into schedules (name, every_minutes, targets, catch_up, settled_until, next_at)
       select name, every_minutes, targets, catch_up, settled_until, next_at from schedules, generate_series(1, 1000)`,
    );
    await database.db.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome, batch_id)
       select s.id, r.occurrence, r.outcome, r.batch_id from schedule_runs r, schedules s where s.id <> r.schedule_id`,
    );
    const good = await addSchedule();
    await database.db.query(`update schedules set next_at = next_at + interval '1 day' where id = $1`, [good]);
    await duty.run(never);
    expect(await outcomesOf(good)).toEqual(['started']);
    expect(await outcomesOf(waiting)).toEqual(['started']);
  });

  it('is due when the clock was ahead as it was settled, and goes on from now', async () => {
    const id = await addSchedule({ settled: '-300 days' });
    await duty.run(never);
    const { nextAt, settledUntil, now } = await scheduleRow(id);
    expect(settledUntil.getTime()).toBeLessThanOrEqual(now.getTime());
    expect(nextAt?.getTime()).toBeLessThanOrEqual(now.getTime() + DAY * 60_000);
    expect(await runsOf(id)).toEqual([]);
  });

  it('that is paused is left alone', async () => {
    const id = await addSchedule({ paused: true });
    await duty.run(never);
    expect(await runsOf(id)).toEqual([]);
  });
});

describe('an occurrence whose predecessor is not finished', () => {
  it('is passed over, with the reason', async () => {
    const id = await addSchedule({ settled: '3 days', catchUp: 'latest' });
    await duty.run(never);
    await database.db.query(`update schedule_runs set occurrence = occurrence - interval '10 days'`);
    await database.db.query(`delete from schedule_runs where outcome = 'missed'`);
    await database.db.query(
      `update schedules set next_at = settled_until, settled_until = settled_until - interval '1 day'`,
    );
    await duty.run(never);
    expect(await runsOf(id)).toMatchObject([
      { outcome: 'started' },
      { outcome: 'overlapped', sessions: 0, batchId: null, reason: expect.stringContaining('earlier run') },
    ]);
    expect(await sessionsLeft()).toHaveLength(1);
  });

  it('starts as well where overlaps are allowed', async () => {
    const id = await addSchedule({ settled: '3 days', catchUp: 'all', allowOverlap: true });
    await duty.run(never);
    expect(await outcomesOf(id)).toEqual(['started', 'started', 'started']);
    expect(await sessionsLeft()).toHaveLength(3);
  });

  it('waits for its turn where all shall run', async () => {
    const id = await addSchedule({ settled: '3 days', catchUp: 'all' });
    await duty.run(never);
    await duty.run(never);
    expect(await outcomesOf(id)).toEqual(['started']);
    await endSessions();
    await duty.run(never);
    expect(await outcomesOf(id)).toEqual(['started', 'started']);
  });
});

describe('after three days away', () => {
  const threeDays = { settled: '3 days', allowOverlap: true };

  it.each([
    ['latest', 10, { missed: 2, started: 1 }],
    ['all', 10, { started: 3 }],
    ['all', 2, { missed: 1, started: 2 }],
  ] as const)('%s (at most %i) leaves %o', async (catchUp, catchUpMax, expected) => {
    const id = await addSchedule({ ...threeDays, catchUp, catchUpMax });
    await duty.run(never);
    const outcomes = await outcomesOf(id);
    const counts = Object.fromEntries(
      [...new Set(outcomes)].map((word) => [word, outcomes.filter((outcome) => outcome === word).length]),
    );
    expect(counts).toEqual(expected);
    expect(outcomes.at(-1)).toBe('started');
    expect(await sessionsLeft()).toHaveLength(expected.started);
  });

  it('skip starts nothing that is late, and says so', async () => {
    const hourAgo = new Date(Date.now() - 3_600_000);
    const cron = `${hourAgo.getUTCMinutes()} ${hourAgo.getUTCHours()} * * *`;
    const id = await addSchedule({ cron, settled: '3 days', catchUp: 'skip' });
    await duty.run(never);
    const runs = await runsOf(id);
    expect(runs.length).toBeGreaterThanOrEqual(3);
    expect(runs.every(({ outcome, reason }) => outcome === 'missed' && reason?.includes('skips late runs'))).toBe(true);
    expect(await sessionsLeft()).toEqual([]);
    expect((await scheduleRow(id)).nextAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('of a schedule for every minute, no flood comes, and the oldest record tells of the rest', async () => {
    const id = await addSchedule({
      everyMinutes: 1,
      settled: '3 days',
      catchUp: 'all',
      catchUpMax: 4,
      allowOverlap: true,
    });
    await duty.run(never);
    const runs = await runsOf(id);
    expect(runs.filter(({ outcome }) => outcome === 'started')).toHaveLength(4);
    expect(runs.filter(({ outcome }) => outcome === 'missed')).toHaveLength(100);
    expect(runs[0]?.reason).toContain('So were those before it');
    await duty.run(never);
    expect((await runsOf(id)).length).toBeLessThanOrEqual(105);
  });
});

describe('what cannot be started', () => {
  it('is refused with the reason when no target is good, and the schedule goes on', async () => {
    const id = await addSchedule({
      targets: [
        { source: 'nope', location: 'A' },
        { source: 'permits', location: 'Atlantis' },
      ],
    });
    await duty.run(never);
    expect(await runsOf(id)).toMatchObject([
      { outcome: 'refused', reason: expect.stringMatching(/"nope" is not a known source.*No permit portal|covered/) },
    ]);
    expect((await scheduleRow(id)).nextAt).not.toBeNull();
  });

  it('is left out, and told, when other targets are good', async () => {
    const id = await addSchedule({ targets: [{ source: 'nope', location: 'A' }, simulated('B')] });
    await duty.run(never);
    expect(await runsOf(id)).toMatchObject([
      { outcome: 'started', sessions: 1, reason: expect.stringMatching(/^1 of 2 targets could not be started/) },
    ]);
  });
});

describe('a rule that this machine cannot read', () => {
  const addUnreadable = async (): Promise<number> => {
    const id = await addSchedule({ cron: '0 0 * * *', settled: '1 day' });
    await database.db.query(`update schedules set time_zone = 'Mars/Olympus' where id = $1`, [id]);
    return id;
  };

  it('is left to others as it is, said once, and holds nobody up', async () => {
    const lines: string[] = [];
    const narrow = dutyOn(database.db, pino({}, { write: (line) => lines.push(line) }));
    const id = await addUnreadable();
    const broken = await addSchedule({ cron: 'not a cron', settled: '5 days' });
    const good = await addSchedule();
    const asFound = await rowOf(id);
    await narrow.run(never);
    await narrow.run(never);
    expect(await outcomesOf(good)).toEqual(['started']);
    expect([...(await runsOf(id)), ...(await runsOf(broken))]).toEqual([]);
    // Not even locked: that would keep those away who can read it.
    expect(await rowOf(id)).toEqual(asFound);
    const told = lines.filter((line) => line.includes('leaves it to others'));
    expect(told).toHaveLength(2);
    expect(told.join()).toMatch(/not a cron.*Mars\/Olympus/s);
  });

  it('is started for what was due once it can be read, say by another machine', async () => {
    const id = await addUnreadable();
    await duty.run(never);
    await database.db.query(`update schedules set time_zone = 'UTC'`);
    await duty.run(never);
    expect(await runsOf(id)).toMatchObject([{ outcome: 'started', sessions: 1 }]);
  });
});

describe('several machines', () => {
  it('start each occurrence once, however they race', async () => {
    const rounds = process.env.LONG_RUN ? 100 : 25;
    const id = await addSchedule({ allowOverlap: true });
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all([duty.run(never), otherDuty.run(never), duty.run(never), otherDuty.run(never)]);
      // The occurrence that was just started is moved into the past, and becomes due again.
      await database.db.query(
        `update schedule_runs set occurrence = occurrence - make_interval(days => $1) where occurrence > clock_timestamp() - interval '30 hours'`,
        [round + 2],
      );
      await database.db.query(
        `update schedules set next_at = settled_until, settled_until = settled_until - interval '1 day'`,
      );
    }
    const runs = await runsOf(id);
    const started = runs.filter(({ outcome }) => outcome === 'started');
    expect(started.length).toBeGreaterThanOrEqual(rounds);
    expect(started.every(({ sessions }) => sessions === 1)).toBe(true);
    expect(await sessionsLeft()).toHaveLength(started.length);
    expect(new Set((await sessionsLeft()).map(({ batchId }) => batchId)).size).toBe((await sessionsLeft()).length);
  }, 300_000);

  it('do not wait for one that hangs, and take over when it is gone', async () => {
    const id = await addSchedule();
    const good = await addSchedule();
    const frozen = new pg.Client({ connectionString: database.url });
    frozen.on('error', () => {});
    await frozen.connect();
    await frozen.query('begin');
    await frozen.query('select from schedules where id = $1 for update', [id]);
    const { rows } = await frozen.query('select pg_backend_pid() as pid');
    await frozen.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome)
       select id, date_trunc('day', clock_timestamp(), 'UTC'), 'started' from schedules where id = $1`,
      [id],
    );

    await duty.run(never);
    expect(await outcomesOf(id)).toEqual([]);
    expect(await outcomesOf(good)).toEqual(['started']);

    await database.db.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await waitFor(async () => {
      await otherDuty.run(never);
      return (await outcomesOf(id)).length > 0;
    });
    await expect(frozen.query('commit')).rejects.toThrow();
    expect((await outcomesOf(id)).filter((outcome) => outcome === 'started')).toEqual(['started']);
    await frozen.end().catch(() => {});
  });

  it('start nothing for an occurrence that has its record already', async () => {
    const id = await addSchedule();
    await database.db.query(
      `insert into schedule_runs (schedule_id, occurrence, outcome)
       select $1, date_trunc('day', clock_timestamp(), 'UTC') + make_interval(days => n), 'started' from generate_series(-2, 2) as n`,
      [id],
    );
    await duty.run(never);
    expect(await sessionsLeft()).toEqual([]);
    expect((await scheduleRow(id)).nextAt?.getTime()).toBeGreaterThan(Date.now());
  });
});
