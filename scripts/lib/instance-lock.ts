import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { processStartMark } from './process-start-mark.ts';

interface Holder {
  pid: number;
  /** Tells this process from a later one with the same pid. */
  mark: string | null;
  url?: string | undefined;
}

export interface InstanceLock {
  /** Tells later starts where this one can be reached. */
  setUrl(url: string): void;
  release(): void;
}

/** Somebody else holds the lock. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/**
 * Takes the lock of a data folder for the life of this process; a lock whose process is gone is taken over.
 * @throws AlreadyRunningError that says where the other one runs.
 */
export function lockDataFolder(dataDir: string): InstanceLock {
  makeFolder(dataDir);
  const file = path.join(dataDir, 'launcher.lock');
  const self: Holder = { pid: process.pid, mark: processStartMark(process.pid) };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(self), { mode: 0o644 });
  try {
    while (!tryLink(draft, file)) removeIfStale(file, dataDir);
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    setUrl(url) {
      writeFileSync(draft, JSON.stringify({ ...self, url }));
      renameSync(draft, file);
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** link(2) either makes the complete file or fails, unlike writing it in place. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(file: string, dataDir: string): void {
  const holder = readHolder(file);
  if (holder && isAlive(holder)) {
    throw new AlreadyRunningError(
      `It is already running${holder.url ? ` at ${holder.url}` : ' (still starting)'} as process ${holder.pid} on the data folder "${dataDir}". Stop that one first (Ctrl-C there, or "kill ${holder.pid}"), or set EKO_DATA_DIR and PORT for a second one.`,
    );
  }
  // Of two that find the same stale lock, only one can move it away; the other one looks again.
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved && isAlive(moved)) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    // Gone in the meantime, or garbage after a full disk: nobody holds it.
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return holder.mark === null || processStartMark(holder.pid) === holder.mark;
}

function makeFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
    const probe = path.join(dataDir, `.probe.${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    throw new Error(
      `Cannot write to the data folder "${dataDir}" (${cause instanceof Error ? cause.message : String(cause)}). Start as the user who owns it, give it to yourself ("sudo chown -R $(id -u) ${dataDir}"), or set EKO_DATA_DIR to another folder.`,
      { cause },
    );
  }
}
