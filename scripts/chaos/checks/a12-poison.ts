import { findGroupObstacle, MemoryGroup } from '#test/memory-group.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { ChaosCheck, CheckRun } from '../chaos-check.ts';
import { POISONS, type Poison } from '../chaos-scrapers.ts';
import { untilOver } from '../until-over.ts';
import { compareThroughput } from './a12-throughput.ts';

const DEATHS = 3;
/** On either side of each poison in the queue, so that they share processes from the first claim on. */
const GOOD_BESIDE_POISON = 5;
/** Slow enough that a good one has seldom saved a page when its neighbour kills the process. Of the poison's priority. */
const GOOD = { pages: 3, stepMs: 400, priority: 1 };
const MANAGERS = [1, 2];
/** A small heap, so that one that hoards there dies in a second. Several sessions share each process, as in production. */
const ENV = { NODE_OPTIONS: '--max-old-space-size=96', WORKER_CONCURRENCY: '4' };
/** Of a manager with its workers; whoever is the largest when it is used up has taken most of it. */
const GROUP_MB = 1_024;

export const poisonSet: ChaosCheck = {
  name: 'A12',
  title: 'sessions that kill their worker among good ones',
  tries: { short: 5, long: 50 },
  run: async (run) => {
    const obstacle = await findGroupObstacle();
    const groups = obstacle === null ? MANAGERS.map(() => new MemoryGroup(GROUP_MB)) : [];
    try {
      const { failures, worst } = await run.world.withArena((arena) => poisonArena(arena, run, groups, obstacle));
      const throughput = await compareThroughput(run, ENV);
      return {
        kind: 'done',
        tries: run.tries,
        failures: [...failures, ...throughput.failures],
        worst: `${worst}; ${throughput.words}`,
      };
    } finally {
      await Promise.all(groups.map((group) => group.remove()));
    }
  },
};

async function poisonArena(
  arena: ChaosArena,
  { tries, long, slack }: CheckRun,
  groups: readonly MemoryGroup[],
  obstacle: string | null,
): Promise<{ failures: string[]; worst: string }> {
  // An endless loop is found by the manager's watchdog after two minutes, three times, the last one alone: for long runs.
  const kinds = POISONS.filter((how) => (how !== 'loop' || long) && (how !== 'hoard' || obstacle === null));
  const hows = Array.from({ length: tries }, (_, index) => kinds[index % kinds.length] ?? 'abort');
  const { good, poison } = await enqueueMixed(arena, hows);
  await Promise.all(
    MANAGERS.map((_, index) =>
      arena.startManager({ workers: long ? 3 : 2, env: ENV, prefix: groups[index]?.prefix ?? [] }),
    ),
  );
  await untilOver(arena, (long ? 3_600_000 : 600_000) * slack);
  const failures = [...(await findWrongDeaths(arena, poison)), ...(await findSharedLastDeaths(arena))];
  failures.push(...(await arena.verify({ completed: good.length })));
  const kills = groups.reduce((sum, group) => sum + group.kills, 0);
  const hoards = hows.filter((how) => how === 'hoard').length;
  // The last death of each is its own; one before may have been the doing of a poison beside it, for which both were suspected.
  if (kills < hoards) failures.push(`the kernel killed ${kills} processes for ${hoards} that hoard memory`);
  const [deaths] = await arena.db.query<{ count: number }>(
    `select count(*)::int as count from scraper_metrics where outcome = 'crashed' and session_id <> all($1::bigint[])`,
    [poison],
  );
  const kernel = obstacle === null ? `${kills} kills by the kernel` : `none by the kernel (${obstacle})`;
  const worst = `${good.length} good sessions, ${deaths?.count} of their attempts died with a neighbour, ${kernel}`;
  return { failures, worst };
}

async function enqueueMixed(arena: ChaosArena, hows: readonly Poison[]): Promise<{ good: number[]; poison: number[] }> {
  const good: number[] = [];
  const poison: number[] = [];
  for (const how of hows) {
    good.push(...(await arena.enqueuePages(GOOD_BESIDE_POISON, GOOD)));
    poison.push(...(await arena.enqueuePoison([how])));
    good.push(...(await arena.enqueuePages(GOOD_BESIDE_POISON, GOOD)));
  }
  return { good, poison };
}

/** Each poison must have died exactly three times, and be quarantined. */
async function findWrongDeaths(arena: ChaosArena, poison: readonly number[]): Promise<string[]> {
  const rows = await arena.db.query<{ what: string }>(
    `select format('%s (session %s) is %s (%s) after %s deaths', s.params->>'how', s.id, s.status, s.error->>'code',
       count(m) filter (where m.outcome = 'crashed')) as what
     from scraping_sessions s left join scraper_metrics m on m.session_id = s.id
     where s.id = any($1::bigint[]) group by s.id
     having s.status <> 'failed' or s.error->>'code' <> 'quarantined' or count(m) filter (where m.outcome = 'crashed') <> $2`,
    [poison, DEATHS],
  );
  return rows.map((row) => row.what);
}

/**
 * A death that quarantines takes nothing else with it: only then is it certain whose it was. What one process took with it ended in one
 * statement; a worker that had lost its lease before bears the same name.
 */
async function findSharedLastDeaths(arena: ChaosArena): Promise<string[]> {
  const rows = await arena.db.query<{ what: string }>(
    `select format('session %s was quarantined for the death of %s, which session %s shared', m.session_id, m.worker_id, o.session_id) as what
     from scraper_metrics m join scraper_metrics o on o.worker_id = m.worker_id and o.session_id <> m.session_id
       and o.outcome in ('crashed', 'lost') and o.timestamp between m.timestamp - interval '1 second' and m.timestamp + interval '1 second'
     where m.error->>'code' = 'quarantined'`,
  );
  return rows.map((row) => row.what);
}
