import { findDiskObstacle } from '#test/small-disk.ts';
import { type ChaosCheck, type CheckRun, describeTimes } from '../chaos-check.ts';
import { fillServersDisk } from './f25-servers-disk.ts';
import { fillWorkersDisk } from './f25-workers-disk.ts';

const BAR_MS = 15_000;

/** What one half of the check has found. */
export interface DiskOutcome {
  failures: string[];
  /** How long it took until work went on, in ms. */
  times: number[];
}

export const diskFull: ChaosCheck = {
  name: 'F25',
  title: "disks that are full: the workers', PostgreSQL's",
  tries: { short: 4, long: 40 },
  run: async (run) => {
    const reason = findDiskObstacle();
    if (reason) return { kind: 'skipped', reason };
    const half: CheckRun = { ...run, tries: Math.ceil(run.tries / 2) };
    const workers = await fillWorkersDisk(half);
    const servers = await fillServersDisk(half);
    const times = [...workers.times, ...servers.times];
    const failures = [...workers.failures, ...servers.failures];
    if (Math.max(...times) > BAR_MS * run.slack) failures.push(`work went on later than ${BAR_MS} ms after it could`);
    return { kind: 'done', tries: half.tries * 2, failures, worst: describeTimes('back', times, BAR_MS) };
  },
};
