import { setTimeout as wait } from 'node:timers/promises';
import { createDb, type QueryRow } from '#lib/db/create-db.ts';
import { startTestPostgres } from '#test/postgres-server.ts';
import { withDatabaseRetry } from '#workers/database-retry.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { ChaosCheck, CheckRun } from '../chaos-check.ts';
import { HISTORY_VARIABLE } from '../chaos-scrapers.ts';
import { type FastClock, findClockObstacle, startFastClock } from '../faketime.ts';
import { MemoryTrend } from '../memory-trend.ts';
import { findEarlyClaims, putToSleep } from '../sleepers.ts';

const SPEED_MAX = 60;
const SPEED_MIN = 5;
/** The shortest deadline of the product: a connection is waited for so long, by the fast clock. */
const CONNECT_DEADLINE_MS = 5_000;
/** What is measured when little goes on must pass so many times within that deadline. */
const CONNECT_MARGIN = 4;
const SLOPE_BAR_MB = 5;
/** In fewer hours programs are still warming up. */
const SLOPE_HOURS_MIN = 6;
const RECONNECT_MS = 60_000;
/** An occurrence may be waiting for its turn when the day ends. */
const LATE_S = 60;

/** Background processes look about a few times a second, which is hundreds of times a second here. */
const CALM = { autovacuum_naptime: '10min', checkpoint_timeout: '1h', bgwriter_delay: '10s', wal_writer_delay: '10s' };

/** Minutes between the occurrences of each. */
const SCHEDULES_MIN = [5, 10, 15, 60];
const SLEEP_S = 1_800;

export const fastDay: ChaosCheck = {
  name: 'F6',
  title: 'a day of heartbeats and schedules in minutes',
  // Hours of that day.
  tries: { short: 1, long: 24 },
  run: async (run) => {
    const reason = findClockObstacle();
    if (reason) return { kind: 'skipped', reason };
    const speed = await findSpeed(run);
    const clock = await startFastClock(speed);
    try {
      // The server's user cannot share the machine's clock, and gets one of its own that is some minutes off, as servers' are.
      const { LD_PRELOAD = '', FAKETIME = '' } = clock.env;
      const settings = { ...CALM, synchronous_commit: 'on', timezone: 'UTC' };
      const server = await startTestPostgres(settings, { env: { LD_PRELOAD, FAKETIME } });
      try {
        return await run.world.withArena((arena) => liveThrough(arena, clock, speed, run), server.url);
      } finally {
        await server.drop();
      }
    } finally {
      clock.close();
    }
  },
};

/**
 * As fast as the machine can be: the fast clock makes all that it computes slow, and where a connection takes longer than the product
 * waits for one nothing would work, for no fault of the product's.
 */
async function findSpeed({ world, slack, note }: CheckRun): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const db = createDb({ connectionString: world.server.url, applicationName: 'chaos-runner', max: 1 });
    const startedAtMs = performance.now();
    await db.query('select 1');
    times.push(performance.now() - startedAtMs);
    await db.close();
  }
  const worstMs = Math.max(...times);
  const speed = Math.min(SPEED_MAX / slack, CONNECT_DEADLINE_MS / (CONNECT_MARGIN * worstMs));
  const chosen = Math.max(SPEED_MIN, Math.floor(speed));
  note(`a connection takes up to ${Math.round(worstMs)} ms here: at x${chosen}`);
  return chosen;
}

async function liveThrough(arena: ChaosArena, clock: FastClock, speed: number, { tries, slack, note }: CheckRun) {
  const hourMs = 3_600_000 / speed;
  const sleepers = await arena.enqueuePages(12, { pages: 2 });
  await putToSleep(arena, sleepers, SLEEP_S);
  const env = { ...clock.env, [HISTORY_VARIABLE]: arena.historyFile };
  const managers = await Promise.all(
    [1, 2].map(() => arena.startManager({ workers: 1, heartbeatS: 5, leaseS: 30, env })),
  );
  await addSchedules(arena);
  const trend = new MemoryTrend();
  const startedAtMs = performance.now();
  const hoursNow = () => (performance.now() - startedAtMs) / hourMs;
  for (let hour = 1; hour <= tries; hour += 1) {
    while (hoursNow() < hour) {
      trend.note(
        managers.flatMap(({ pid, workerPids }) => [pid, ...workerPids]),
        hoursNow(),
      );
      await wait(hourMs / 60);
    }
    note(`hour ${hour}: memory grows ${trend.steepest().toFixed(1)} MB per hour`);
  }
  await reconnect(arena);
  const failures = await findWrongOccurrences(arena);
  await arena.db.query('update schedules set paused = true, next_at = null');
  await arena.untilAllEnded(120_000 * slack);
  const scheduled = await countScheduled(arena);
  failures.push(...(await findEarlyClaims(arena, sleepers, SLEEP_S)));
  failures.push(...(await arena.verify({ completed: sleepers.length + scheduled, scheduled })));
  const slope = trend.steepest();
  const isJudged = tries >= SLOPE_HOURS_MIN;
  if (isJudged && slope > SLOPE_BAR_MB) failures.push(`memory grows by more than ${SLOPE_BAR_MB} MB per hour`);
  const judged = isJudged ? `bar ${SLOPE_BAR_MB}` : `not judged before ${SLOPE_HOURS_MIN} hours have passed`;
  const worst = `${scheduled} sessions of schedules at x${speed}, memory ${slope.toFixed(1)} MB per hour (${judged})`;
  return { kind: 'done' as const, tries, failures, worst };
}

/** The runner has asked nothing all day: its connections are gone, and a new one may need a second try beside the fast clock. */
async function reconnect(arena: ChaosArena): Promise<void> {
  const startedAtMs = performance.now();
  await withDatabaseRetry(() => arena.databaseNowMs(), {
    mayContinue: () => performance.now() - startedAtMs < RECONNECT_MS,
  });
}

async function addSchedules(arena: ChaosArena): Promise<void> {
  for (const minutes of SCHEDULES_MIN) {
    const targets = [1, 2].map((n) => ({ source: 'simulated', location: `Every ${minutes} ${n}` }));
    await arena.db.query(
      `insert into schedules (name, every_minutes, targets, catch_up, settled_until, next_at)
       select 'every ' || $1::int, $1::int, $2::jsonb, 'all', at, at + make_interval(mins => $1::int)
       from date_bin(make_interval(mins => $1::int), clock_timestamp(), '2000-01-01Z') as at`,
      [minutes, JSON.stringify(targets)],
    );
  }
}

interface Occurrences extends QueryRow {
  minutes: number;
  settled: number;
  expected: number;
}

/**
 * From the first on none is missing, and none is there that the schedule does not name; the key of the table forbids a second one. One
 * may have been passed over because the one before was not finished, as the schedule says.
 */
async function findWrongOccurrences(arena: ChaosArena): Promise<string[]> {
  const rows = await arena.db.query<Occurrences>(
    `select s.every_minutes as minutes, count(r)::int as settled,
       floor(extract(epoch from clock_timestamp() - make_interval(secs => $1) - s.created_at) / (60 * s.every_minutes))::int as expected
     from schedules s left join schedule_runs r on r.schedule_id = s.id group by s.id`,
    [LATE_S],
  );
  const strange = await arena.db.query<{ what: string }>(
    `select format('occurrence %s of "%s" is %s', r.occurrence, s.name, r.outcome) as what
     from schedule_runs r join schedules s on s.id = r.schedule_id
     where r.outcome not in ('started', 'overlapped') or date_bin(make_interval(mins => s.every_minutes), r.occurrence, '2000-01-01Z') <> r.occurrence`,
  );
  const missing = rows.flatMap(({ minutes, settled, expected }) =>
    // The first one comes as soon as the clock shows it, which may be one more than whole periods have passed.
    settled >= expected && settled <= expected + 2
      ? []
      : [`of the schedule every ${minutes} min ${settled} occurrences were settled, of ${expected}`],
  );
  return [...missing, ...strange.slice(0, 3).map(({ what }) => what)];
}

async function countScheduled(arena: ChaosArena): Promise<number> {
  const [row] = await arena.db.query<{ count: number }>(
    `select coalesce(sum(sessions), 0)::int as count from schedule_runs`,
  );
  return row?.count ?? 0;
}
