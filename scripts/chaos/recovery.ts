import type { Executor } from '#lib/db/create-db.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ChaosArena } from './chaos-arena.ts';
import type { ChaosManager } from './chaos-manager.ts';

export interface RecoveryOptions {
  /** Picks the managers that are struck, of those that run sessions. */
  choose: (working: ChaosManager[]) => ChaosManager[];
  strike: (victims: ChaosManager[]) => void;
  timeoutMs: number;
  /** What is measured while the sessions come back. */
  meanwhile?: (victims: ChaosManager[]) => Promise<void>;
}

/**
 * Strikes managers that have work, and waits until each session that they ran is claimed again or has ended. Gives how long each
 * took, in ms by the clock of the database.
 */
export async function recoverFrom(arena: ChaosArena, options: RecoveryOptions): Promise<number[]> {
  const victims = options.choose(await untilSomeWork(arena));
  const pids = victims.map(({ pid }) => pid);
  const held = await arena.db.query<{ id: number; claim: number }>(
    `select s.id, s.claim_number as claim from scraping_sessions s join worker_instances w using (worker_id)
     where s.status = 'running' and w.manager_pid = any($1::int[])`,
    [pids],
  );
  const struckAtMs = await arena.databaseNowMs();
  options.strike(victims);
  const times = waitFor(async () => await reclaimTimes(arena, held, struckAtMs), {
    timeoutMs: options.timeoutMs,
    intervalMs: 100,
    what: 'all sessions of what was struck to be claimed again',
  });
  await Promise.all([times, options.meanwhile?.(victims)]);
  return await times;
}

/** Null while one of the sessions still waits. */
async function reclaimTimes(
  arena: ChaosArena,
  held: readonly { id: number; claim: number }[],
  sinceMs: number,
): Promise<number[] | null> {
  const rows = await arena.db.query<{ ms: number | null }>(
    `select case
       when s.claim_number > k.claim + 1 and s.started_at is not null then extract(epoch from s.started_at)::float8 * 1000 - $3::float8
       when s.claim_number > k.claim and s.status not in ('pending', 'running') then 0 end as ms
     from unnest($1::bigint[], $2::int[]) as k(id, claim) join scraping_sessions s using (id)`,
    [held.map(({ id }) => id), held.map(({ claim }) => claim), sinceMs],
  );
  const times = rows.flatMap(({ ms }) => (ms === null ? [] : [ms]));
  return times.length === held.length ? times : null;
}

/** Managers whose workers run sessions; waits for all that live. */
async function untilSomeWork(arena: ChaosArena): Promise<ChaosManager[]> {
  return await waitFor(
    async () => {
      const busy = new Set((await arena.runningWorkers()).map(({ managerPid }) => managerPid));
      const working = arena.managers.filter(({ pid }) => busy.has(pid));
      return working.length > 1 ? working : null;
    },
    { timeoutMs: 60_000, what: 'two managers to have work' },
  );
}

/**
 * From a moment at which the database can work again, on performance.now(), until a worker has ended an attempt or saved a page; in ms.
 */
export async function untilWorking(arena: ChaosArena, sinceMs: number): Promise<number> {
  const mark = await readMark(arena);
  await waitFor(async () => (await readMark(arena)) !== mark, { timeoutMs: 60_000, what: 'work to go on' });
  return performance.now() - sinceMs;
}

async function readMark(arena: ChaosArena): Promise<string> {
  return await waitFor(
    async () => {
      const [row] = await arena.db.query<{ mark: string }>(
        `select concat(sum(leads_found), '/', sum(claim_number)) as mark from scraping_sessions`,
      );
      return row?.mark;
    },
    { timeoutMs: 30_000, what: 'the database to answer' },
  );
}

/**
 * From a moment at which the database can work again, on performance.now(), until each session that it knows as running has got
 * further, whoever runs it; in ms. Tries again while it does not answer.
 */
export async function untilAllGoOn(db: Executor, sinceMs: number): Promise<number> {
  const wait = { timeoutMs: 120_000, intervalMs: 50 };
  const before = await waitFor(() => readMarks(db, null), { ...wait, what: 'the database to answer' });
  const haveMoved = async () => {
    const now = await readMarks(db, [...before.keys()]);
    return [...before].every(([id, mark]) => now.get(id) !== mark);
  };
  await waitFor(haveMoved, { ...wait, what: 'all sessions to go on' });
  return performance.now() - sinceMs;
}

/** How far sessions are: those that run, unless some are named. */
async function readMarks(db: Executor, ids: readonly number[] | null): Promise<Map<number, string>> {
  const rows = await db.query<{ id: number; mark: string }>(
    `select id, concat(status, claim_number, ' ', leads_found) as mark from scraping_sessions
     where ($1::bigint[] is null and status = 'running') or id = any($1)`,
    [ids],
  );
  return new Map(rows.map(({ id, mark }) => [id, mark]));
}
