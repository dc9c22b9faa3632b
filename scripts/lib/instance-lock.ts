import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
 *
 * Each holder has a file of its own with the next number, and only who made the highest one holds the lock. Nobody removes a lock to take it:
 * of many that find the same one stale, link(2) lets a single one make the next. What is given back stays as an empty note, so that a number
 * is never used again.
 * @throws AlreadyRunningError that says where the other one runs.
 */
export function lockDataFolder(dataDir: string): InstanceLock {
  makeFolder(dataDir);
  const self: Holder = { pid: process.pid, mark: processStartMark(process.pid) };
  const draft = path.join(dataDir, `launcher.draft.${process.pid}`);
  writeFileSync(draft, JSON.stringify(self), { mode: 0o644 });
  try {
    const number = takeNumber(dataDir, draft);
    const file = fileOf(dataDir, number);
    for (const earlier of numbersIn(dataDir)) if (earlier < number) rmSync(fileOf(dataDir, earlier), { force: true });
    const write = (holder: Holder | null) => {
      writeFileSync(draft, JSON.stringify(holder));
      renameSync(draft, file);
    };
    // A folder that is not there any more is nobody's.
    return { setUrl: (url) => write({ ...self, url }), release: () => existsSync(file) && write(null) };
  } finally {
    rmSync(draft, { force: true });
  }
}

function takeNumber(dataDir: string, draft: string): number {
  for (;;) {
    const latest = numbersIn(dataDir).at(-1) ?? 0;
    for (const number of new Set([0, latest])) refuseHeld(fileOf(dataDir, number), dataDir);
    const next = latest + 1;
    if (!tryLink(draft, fileOf(dataDir, next))) continue;
    // Who was slow may have made one that others have made and removed before: theirs are higher.
    if (numbersIn(dataDir).at(-1) === next) return next;
    rmSync(fileOf(dataDir, next), { force: true });
  }
}

/** In rising order. Programs of before know one file only, which has no number: it counts as 0. */
function numbersIn(dataDir: string): number[] {
  return readdirSync(dataDir)
    .map((name) => /^launcher(?:\.(\d+))?\.lock$/.exec(name))
    .filter((match) => match !== null)
    .map(([, number = '0']) => Number(number))
    .sort((a, b) => a - b);
}

function fileOf(dataDir: string, number: number): string {
  return path.join(dataDir, number === 0 ? 'launcher.lock' : `launcher.${number}.lock`);
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

function refuseHeld(file: string, dataDir: string): void {
  const holder = readHolder(file);
  if (!holder || !isAlive(holder)) return;
  throw new AlreadyRunningError(
    `It is already running${holder.url ? ` at ${holder.url}` : ' (still starting)'} as process ${holder.pid} on the data folder "${dataDir}". Stop that one first (Ctrl-C there, or "kill ${holder.pid}"), or set EKO_DATA_DIR and PORT for a second one.`,
  );
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
