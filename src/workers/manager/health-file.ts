import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { Logger } from '#lib/logger.ts';
import { monotonicNowMs } from '../messages.ts';

/** How often the manager says that it works. */
const WRITE_MS = 5_000;

/** A file this old means that the manager's loop stands still, or that it is gone. */
const STALE_MS = 60_000;

const healthSchema = z.object({
  pid: z.number(),
  /** On the monotonic clock that all processes of a machine share: nobody can set it. */
  atMs: z.number(),
  /** Workers that are up and registered. */
  workers: z.number(),
  /** Workers that there shall be; people may have asked for none. */
  wanted: z.number(),
});

type WorkerCounts = Pick<z.output<typeof healthSchema>, 'workers' | 'wanted'>;

type HealthVerdict = { healthy: true } | { healthy: false; reason: string };

/** All versions of the file are this long, so that each fits in the place of another. */
const FILE_BYTES = 256;

/**
 * Keeps the file fresh that health checks of containers look at, for as long as the process lives: also while it waits for its
 * database or drains, since a restart would not mend that.
 */
export function keepHealthFile(file: string, countWorkers: () => WorkerCounts, logger: Logger): void {
  let failing = false;
  const write = () => {
    try {
      const health = { pid: process.pid, atMs: monotonicNowMs(), ...countWorkers() };
      replaceFile(file, JSON.stringify(health).padEnd(FILE_BYTES));
      failing = false;
    } catch (error) {
      // Whoever looks at the file will say that it is old.
      if (!failing) logger.warn({ err: error, file }, 'The health file cannot be written; trying on');
      failing = true;
    }
  };
  write();
  setInterval(write, WRITE_MS).unref();
}

/**
 * As a whole, so that nobody reads half of it. A disk that is full takes no new file, and a restart would not mend that either: there it
 * is written over, which takes no room.
 */
function replaceFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch {
    rmSync(draft, { force: true });
    const handle = openSync(file, 'r+');
    try {
      writeSync(handle, text, 0);
    } finally {
      closeSync(handle);
    }
  }
}

/**
 * Judges what is in the health file.
 * @param text Null when there is none.
 * @param wantsWorkers Whether a manager none of whose workers is up counts as unhealthy, as it should where readiness is asked.
 */
export function judgeHealth(text: string | null, nowMs: number, wantsWorkers: boolean): HealthVerdict {
  if (text === null) return { healthy: false, reason: 'The manager has not started yet, or writes another file' };
  const parsed = healthSchema.safeParse(parseJson(text));
  if (!parsed.success) return { healthy: false, reason: 'The file was not written by a manager' };
  const { atMs, workers, wanted, pid } = parsed.data;
  const ageMs = nowMs - atMs;
  // A time to come is one of before the machine's last start.
  if (ageMs < 0 || ageMs > STALE_MS) {
    return {
      healthy: false,
      reason: `The manager (process ${pid}) has not written for more than ${STALE_MS / 1_000} s`,
    };
  }
  if (wantsWorkers && wanted > 0 && workers === 0) return { healthy: false, reason: 'No worker is up' };
  return { healthy: true };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not ours; the schema says so.
    return null;
  }
}
