import { setTimeout as wait } from 'node:timers/promises';
import { createDb } from '#lib/db/create-db.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import { type ChaosCheck, type CheckRun, describeTimes } from '../chaos-check.ts';
import { untilAllGoOn } from '../recovery.ts';
import { type PrimaryLoss, ReplicatedDatabase } from '../replicated-database.ts';
import { processesOf } from '../unharmed.ts';

/**
 * From the promotion on. Whoever waits for the answer of a machine that hangs gives up after the deadline of its statement, 9 s in a
 * worker; that may begin just before the promotion.
 */
const BAR_MS = 15_000;
/** How long the address may already point to the standby before that is promoted. */
const READ_ONLY_MS = 3_000;

export const failover: ChaosCheck = {
  name: 'F23',
  title: 'a standby takes over from its primary',
  tries: { short: 2, long: 20 },
  run: async (run) => {
    const database = await ReplicatedDatabase.start();
    try {
      return await run.world.withArena((arena) => failOverAgainAndAgain(arena, database, run), database.url);
    } finally {
      await database.close();
    }
  },
};

async function failOverAgainAndAgain(
  arena: ChaosArena,
  database: ReplicatedDatabase,
  { tries, long, slack, random, note }: CheckRun,
) {
  const lease = { heartbeatS: 5, leaseS: 30 };
  const managers = await Promise.all([1, 2].map(() => arena.startManager({ ...lease, workers: long ? 3 : 1 })));
  const pids = processesOf(managers);
  const times: Record<PrimaryLoss, number[]> = { crashed: [], hangs: [] };
  let made = 0;
  for (let index = 0; index < tries; index += 1) {
    await database.attachStandby();
    made += (await arena.enqueuePages(16, { pages: 60, stepMs: 40 })).length;
    await wait(500 + random() * 1_500);
    // Both kinds come up in every run, however short.
    const loss: PrimaryLoss = index % 2 === 0 ? 'crashed' : 'hangs';
    const readOnlyMs = random() * READ_ONLY_MS;
    // Acknowledged by one server or by the other; repeated under its key until it is.
    const during = arena.enqueuePages(4, { pages: 20, stepMs: 20 });
    await database.failOver(loss, () => wait(readOnlyMs));
    const backMs = await untilAllLive(arena, database.primary.url);
    note(`${loss}, read-only for ${Math.round(readOnlyMs)} ms: back after ${Math.round(backMs)} ms`);
    times[loss].push(backMs);
    made += (await during).length;
    await arena.untilAllEnded(120_000 * slack);
    await database.dropLost();
  }
  const now = new Set(processesOf(managers));
  const failures = await arena.verify({ completed: made });
  const ended = pids.filter((pid) => !now.has(pid));
  if (ended.length > 0) failures.push(`processes ${ended.join(', ')} ended because the primary was lost`);
  const worst = (['crashed', 'hangs'] as const).map((loss) => {
    if (Math.max(...times[loss]) > BAR_MS * slack) failures.push(`${loss}: work went on later than after ${BAR_MS} ms`);
    return describeTimes(`${loss}: all goes on after`, times[loss], BAR_MS);
  });
  return { kind: 'done' as const, tries, failures, worst: worst.join('; ') };
}

/** Until all work goes on and each worker has renewed its lease, in ms. Looks past the address: it waits for nobody's deadline but the workers'. */
async function untilAllLive(arena: ChaosArena, serverUrl: string): Promise<number> {
  const url = new URL(serverUrl);
  url.pathname = new URL(arena.databaseUrl).pathname;
  const db = createDb({ connectionString: url.toString(), applicationName: 'chaos-runner', max: 1 });
  try {
    const startedAtMs = performance.now();
    const [now] = await db.query<{ at: Date }>('select clock_timestamp() as at');
    await untilAllGoOn(db, startedAtMs);
    const silent = `select from worker_instances where status in ('idle', 'running') and last_heartbeat < $1`;
    await waitFor(async () => (await db.query(silent, [now?.at])).length === 0, {
      timeoutMs: 120_000,
      intervalMs: 50,
      what: 'all workers to renew their leases',
    });
    return performance.now() - startedAtMs;
  } finally {
    await db.close();
  }
}
