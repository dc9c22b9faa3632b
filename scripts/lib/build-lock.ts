import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Lets one process at a time build in a folder; others wait. A lock whose process is gone is taken over.
 * @returns what frees it.
 */
export async function lockBuild(folder: string): Promise<() => void> {
  const lock = path.join(folder, '.build.lock');
  while (!tryLock(lock)) await new Promise((resolve) => setTimeout(resolve, 250));
  return () => rmSync(lock, { recursive: true, force: true });
}

/** mkdir either makes the folder or fails; the note in it says whose it is. */
function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    if (isHeld(lock)) return false;
    rmSync(lock, { recursive: true, force: true });
    return false;
  }
  writeFileSync(path.join(lock, 'pid'), String(process.pid));
  return true;
}

function isHeld(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(path.join(lock, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    // No note yet: it is being written. A process of another user counts as alive.
    return error instanceof Error && 'code' in error && (error.code === 'EPERM' || error.code === 'ENOENT');
  }
}
