import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SmallDisk } from '#test/small-disk.ts';
import { waitFor } from '#test/wait-for.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { CheckRun } from '../chaos-check.ts';
import type { ChaosManager } from '../chaos-manager.ts';
import { untilWorking } from '../recovery.ts';
import { processesOf } from '../unharmed.ts';
import type { DiskOutcome } from './f25-disk-full.ts';

const DISK_MB = 1;
/** Slots of the machine; as many sessions run. */
const SLOTS = 8;
/** Some workers find room for a few records, of which a page holds several; some for none. */
const PAGES_LEFT = SLOTS * 2;

/** The database is away while the disk on which the workers keep what they cannot save takes no more. */
export async function fillWorkersDisk(run: CheckRun): Promise<DiskOutcome> {
  const disk = new SmallDisk(DISK_MB);
  try {
    return await run.world.withArena((arena) => fillAgainAndAgain(arena, disk, run));
  } finally {
    disk.unmount();
  }
}

async function fillAgainAndAgain(
  arena: ChaosArena,
  disk: SmallDisk,
  { world, tries, slack, random, note }: CheckRun,
): Promise<DiskOutcome> {
  const env = { EKO_DATA_DIR: disk.folder, WORKER_CONCURRENCY: String(SLOTS / 2) };
  // A lease that outlives the outage, else the sessions would be handed back and nothing would wait.
  const manager = await arena.startManager({ workers: 2, heartbeatS: 5, leaseS: 120, env });
  const pids = processesOf([manager]);
  const times: number[] = [];
  let made = 0;
  for (let index = 0; index < tries; index += 1) {
    made += (await arena.enqueuePages(SLOTS, { pages: 60, stepMs: 50 })).length;
    await untilSaved(arena);
    const pagesLeft = Math.floor(random() * PAGES_LEFT);
    note(`${pagesLeft} pages left`);
    disk.fill(pagesLeft);
    const seen = manager.lines.length;
    await world.server.stop(random() < 0.5 ? 'fast' : 'immediate');
    await waitFor(() => isToldOfDisk(manager, seen), {
      timeoutMs: 60_000 * slack,
      what: 'a worker to tell of its disk',
    });
    // Whichever comes back first.
    const diskFirst = random() < 0.5;
    if (diskFirst) disk.free();
    await wait(random() * 3_000);
    await world.server.start();
    times.push(await untilWorking(arena, performance.now()));
    await arena.untilAllEnded(120_000 * slack);
    disk.free();
    await untilHealthy(arena);
  }
  const ended = pids.filter((pid) => !processesOf([manager]).includes(pid));
  const failures = await arena.verify({ completed: made });
  if (ended.length > 0) failures.push(`processes ${ended.join(', ')} ended because their disk was full`);
  const left = spoolFilesIn(disk.folder);
  if (left.length > 0) failures.push(`${left.join(', ')} were never delivered`);
  return { failures, times };
}

/** Sessions have something to lose. */
async function untilSaved(arena: ChaosArena): Promise<void> {
  const busy = async () => {
    const rows = await arena.db.query(`select from scraping_sessions where status = 'running' and leads_found > 2`);
    return rows.length === SLOTS;
  };
  await waitFor(busy, { timeoutMs: 60_000, what: 'all slots to be busy' });
}

/** After ten seconds with a full disk a machine takes half as much, until it has been well for as long. */
async function untilHealthy(arena: ChaosArena): Promise<void> {
  const isHealthy = async () => (await arena.db.query(`select from nodes where status <> 'healthy'`)).length === 0;
  await waitFor(isHealthy, { timeoutMs: 60_000, what: 'the machine to be healthy again' });
}

function isToldOfDisk(manager: ChaosManager, from: number): boolean {
  return manager.lines
    .slice(from)
    .some(({ level, message }) => level === 'warn' && message.startsWith('The disk does not take'));
}

function spoolFilesIn(folder: string): string[] {
  const spool = path.join(folder, 'spool');
  if (!existsSync(spool)) return [];
  return readdirSync(spool, { recursive: true, encoding: 'utf8' }).filter((name) => /\.spool/.test(name));
}
