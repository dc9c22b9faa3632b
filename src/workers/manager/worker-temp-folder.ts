import { mkdtempSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isProcessAlive } from '../is-process-alive.ts';

/**
 * A folder for what one worker's process keeps while it runs, such as the profile of its browser: a process that is killed removes
 * nothing itself. Null where none can be made, as on a full disk; the worker uses the system's then.
 */
export function makeTempFolder(): string | null {
  try {
    return mkdtempSync(path.join(tmpdir(), `eko-worker-${process.pid}-`));
  } catch {
    return null;
  }
}

/** What cannot be removed now is removed by a manager that starts later. Never throws. */
export async function removeTempFolder(folder: string): Promise<void> {
  // A browser writes on for a moment after its worker was killed.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});
}

/** Removes the folders that managers of this machine left behind when they were killed. Never throws. */
export async function removeLeftTempFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch((): string[] => []);
  for (const name of names) if (isLeft(name)) await removeTempFolder(path.join(tmpdir(), name));
}

/** The name has the process id of the manager that made it. */
function isLeft(name: string): boolean {
  const pid = /^eko-worker-(\d{1,9})-/.exec(name)?.[1];
  return pid !== undefined && !isProcessAlive(Number(pid));
}
