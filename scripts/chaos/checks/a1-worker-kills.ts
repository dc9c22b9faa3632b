import { setTimeout as wait } from 'node:timers/promises';
import type { ChaosArena } from '../chaos-arena.ts';
import { type ChaosCheck, describeTimes, pickOne, quantile } from '../chaos-check.ts';
import { signalQuietly } from '../chaos-manager.ts';

const BAR_MS = 3_000;
/** Ten times the bar: who finds a session only when its lease ends does not pass for a manager that gives it back at once. */
const LEASE_S = 30;
const HEARTBEAT_S = 5;
const MANAGERS = 2;
/** Sessions that are made at once, when fewer are open. */
const BATCH = 6;
/** Sessions that a worker of the arena runs at once. */
const CONCURRENCY = 4;

/** The moment a session lost its worker, by the clock of the database. */
interface Kill {
  session: number;
  atMs: number;
}

export const workerKills: ChaosCheck = {
  name: 'A1',
  title: 'workers killed at random',
  tries: { short: 6, long: 200 },
  run: async ({ world, tries, long, slack, random }) =>
    await world.withArena(async (arena) => {
      const start = { workers: long ? 4 : 2, heartbeatS: HEARTBEAT_S, leaseS: LEASE_S * slack };
      await Promise.all(Array.from({ length: MANAGERS }, () => arena.startManager(start)));
      const made: number[] = [];
      const kills: Kill[] = [];
      for (let count = 0; count < tries; ) {
        const open = await arena.openCount();
        if (open < BATCH) made.push(...(await arena.enqueuePages(BATCH, { fetched: true, pages: 5 })));
        const workers = await arena.runningWorkers();
        // What is measured is the way back to a worker that lives and has room, not the start of a new one.
        const placesLeft = ((await arena.livingWorkerCount()) - 1) * CONCURRENCY;
        if (workers.length > 0 && placesLeft >= open + BATCH) {
          const { pid, sessions } = pickOne(workers, random);
          const atMs = await arena.databaseNowMs();
          if (signalQuietly(pid, 'SIGKILL')) {
            count += 1;
            kills.push(...sessions.map((session) => ({ session, atMs })));
          }
        }
        await wait(100 + random() * 300);
      }
      await arena.untilAllEnded(60_000 * slack);
      const delays = await reclaimDelays(arena, kills);
      const failures = await arena.verify({ completed: made.length });
      failures.push(...findSlow(delays, slack));
      return { kind: 'done', tries, failures, worst: describeTimes('re-claim', delays, BAR_MS) };
    }),
};

function findSlow(delays: readonly number[], slack: number): string[] {
  const rescued = delays.filter((ms) => ms > (LEASE_S * slack - HEARTBEAT_S) * 1_000).length;
  return [
    ...(quantile(delays, 0.95) > BAR_MS * slack ? [`p95 of the re-claims is above ${BAR_MS} ms`] : []),
    ...(rescued > 0 ? [`${rescued} sessions came back only when their lease had ended`] : []),
  ];
}

/** From each kill to the next claim of what the worker ran, in ms. A session that ended just before its worker was killed has none. */
async function reclaimDelays(arena: ChaosArena, kills: readonly Kill[]): Promise<number[]> {
  const rows = await arena.db.query<{ ms: number | null }>(
    `select (select min(extract(epoch from m.started_at)::float8 * 1000) - k.at_ms from scraper_metrics m
       where m.session_id = k.session and extract(epoch from m.started_at) * 1000 > k.at_ms) as ms
     from unnest($1::bigint[], $2::float8[]) as k(session, at_ms)`,
    [kills.map(({ session }) => session), kills.map(({ atMs }) => atMs)],
  );
  return rows.flatMap(({ ms }) => (ms === null ? [] : [ms]));
}
