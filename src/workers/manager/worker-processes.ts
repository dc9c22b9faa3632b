import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { makeTempFolder, removeTempFolder } from './worker-temp-folder.ts';

export interface WorkerProcessOptions {
  /** The module that a worker runs: TypeScript in development, the bundle in production. */
  workerEntry: string;
  workerArgs?: readonly string[];
  /** Environment of the workers; they read their settings from it. */
  workerEnv: Record<string, string | undefined>;
}

/** Starts the process of a worker, which its slot watches and ends. It has a folder of its own for temporary files, which goes with it. */
export function spawnWorker({ workerEntry, workerArgs = [], workerEnv }: WorkerProcessOptions): ChildProcess {
  const folder = makeTempFolder();
  const child = fork(workerEntry, [...workerArgs], {
    env: { ...workerEnv, ...(folder ? { TMPDIR: folder } : {}) } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  if (folder) child.once('close', () => void removeTempFolder(folder));
  return child;
}

/**
 * The id of a slot's new process.
 * @param base what the ids begin with; without it they are host-pid-random.
 * @param slot `isOnly`: the manager was told to have this one worker, which gets the base as it is.
 */
export function nameWorker(base: string | undefined, slot: { index: number; isOnly: boolean }, pid: number): string {
  if (!base) return `${hostname()}-${pid}-${randomBytes(3).toString('hex')}`;
  return slot.isOnly ? base : `${base}-${slot.index + 1}`;
}
