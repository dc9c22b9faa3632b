import { setTimeout as wait } from 'node:timers/promises';
import { createDb } from '#lib/db/create-db.ts';
import { superviseServer } from '#scripts/lib/embedded-postgres/supervise-server.ts';
import { startTestPostgres, type TestPostgres } from '#test/postgres-server.ts';
import { SmallDisk } from '#test/small-disk.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { CheckRun } from '../chaos-check.ts';
import type { ChaosManager } from '../chaos-manager.ts';
import { untilWorking } from '../recovery.ts';
import { processesOf } from '../unharmed.ts';
import type { DiskOutcome } from './f25-disk-full.ts';

const DISK_MB = 300;
/** More than fit on it. */
const LOG_FILES_MAX = 30;
/** What is open in a round finds far more than the tables have room for without growing: they grow by half a megabyte at a time. */
const OPEN_MIN = 24;
const SESSION = { pages: 100, stepMs: 40 };
/** Its log fits, and is soon at its end. */
const SETTINGS = { synchronous_commit: 'on', max_connections: '100', max_wal_size: '32MB', min_wal_size: '32MB' };

/** PostgreSQL's own disk is full. What starts it again when that ends it is what does so in the product. */
export async function fillServersDisk(run: CheckRun): Promise<DiskOutcome> {
  const disk = new SmallDisk(DISK_MB);
  try {
    const server = await startTestPostgres(SETTINGS, { root: disk.folder });
    const restart = async () => {
      await server.start();
      return server.running();
    };
    const supervised = superviseServer(server.running(), restart, (_level, message) =>
      run.note(message.split('\n')[0] ?? ''),
    );
    try {
      return await run.world.withArena((arena) => fillAgainAndAgain(arena, disk, server, run), server.url);
    } finally {
      disk.free();
      await supervised.stop('immediate');
    }
  } finally {
    disk.unmount();
  }
}

async function fillAgainAndAgain(
  arena: ChaosArena,
  disk: SmallDisk,
  server: TestPostgres,
  { tries, long, slack, random, note }: CheckRun,
): Promise<DiskOutcome> {
  const lease = { heartbeatS: 5, leaseS: 30 };
  const managers = await Promise.all([1, 2].map(() => arena.startManager({ ...lease, workers: long ? 3 : 1 })));
  const pids = processesOf(managers);
  const times: number[] = [];
  let made = 0;
  for (let index = 0; index < tries; index += 1) {
    if ((await arena.openCount()) < OPEN_MIN) made += (await arena.enqueuePages(OPEN_MIN, SESSION)).length;
    await wait(300 + random() * 700);
    const seen = managers.map(({ lines }) => lines.length);
    disk.fill();
    // Either tables cannot grow, which fails statements, or the log cannot, which ends the server. Each comes up in every run.
    if (index % 2 === 1) await endLog(server);
    // Acknowledged whenever there is room again; repeated under its key until it is.
    const during = arena.enqueuePages(2, { pages: 20, stepMs: 20 });
    const isTold = () => managers.some((manager, at) => isToldOfDatabase(manager, seen[at] ?? 0));
    await waitFor(isTold, { timeoutMs: 60_000 * slack, what: 'a manager to tell of its database' });
    await wait(random() * (long ? 20_000 : 5_000));
    disk.free();
    const freedAtMs = performance.now();
    // What was there before may have ended meanwhile, where the server had a log file and some pages left.
    const after = arena.enqueuePages(2, SESSION);
    const backMs = await untilWorking(arena, freedAtMs);
    note(`back ${Math.round(backMs)} ms after there was room again`);
    times.push(backMs);
    made += (await during).length + (await after).length;
  }
  await arena.untilAllEnded(120_000 * slack);
  const now = processesOf(managers);
  const failures = await arena.verify({ completed: made });
  const ended = pids.filter((pid) => !now.includes(pid));
  if (ended.length > 0) failures.push(`processes ${ended.join(', ')} ended because the database's disk was full`);
  return { failures, times };
}

/** Ends the files of 16 MB that the log still has, until it needs a new one, for which there is no room. */
async function endLog(server: TestPostgres): Promise<void> {
  const admin = createDb({ connectionString: server.adminUrl, applicationName: 'chaos-runner', max: 1 });
  try {
    // A file in which nothing is written since does not end.
    for (let files = 0; files < LOG_FILES_MAX; files += 1)
      await admin.query(`select pg_logical_emit_message(true, 'chaos', ''), pg_switch_wal()`);
  } catch {
    // The server ends before it has answered.
  } finally {
    await admin.close();
  }
}

function isToldOfDatabase(manager: ChaosManager, from: number): boolean {
  return manager.lines.slice(from).some(({ level, message }) => level === 'warn' && message.includes('database'));
}
