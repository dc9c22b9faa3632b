import { spawnSync } from 'node:child_process';
import { readlinkSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readPidFile } from './cluster.ts';

/** What the pid of a postmaster.pid turned out to be. */
export type PidVerdict = 'gone' | 'ours' | 'other' | 'unknown';

/**
 * Tells whether a pid is a PostgreSQL on this data folder. A pid alone proves nothing: after a crash or a restart of the
 * machine another program may have it. 'unknown' means that the system does not let us look.
 */
export function judgePid(pid: number, dataFolder: string): PidVerdict {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return 'gone';
    if (!hasCode(error, 'EPERM')) throw error;
  }
  if (process.platform === 'linux') return judgeByProc(pid, dataFolder);
  return judgeByCommandLine(pid, dataFolder);
}

/** A postmaster's working directory is its data folder. */
function judgeByProc(pid: number, dataFolder: string): PidVerdict {
  try {
    const program = path.basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
    if (program !== 'postgres') return 'other';
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataFolder) ? 'ours' : 'other';
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone';
    return 'unknown';
  }
}

function judgeByCommandLine(pid: number, dataFolder: string): PidVerdict {
  const listed =
    process.platform === 'win32'
      ? spawnSync('tasklist', ['/FI', `PID eq ${pid}`, '/NH'], { encoding: 'utf8' })
      : spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  if (listed.error) return 'unknown';
  if (!listed.stdout.includes('postgres')) return listed.stdout.trim() === '' ? 'gone' : 'other';
  if (process.platform === 'win32') return 'unknown';
  return listed.stdout.includes(dataFolder) ? 'ours' : 'other';
}

/**
 * Clears the way for a new server: a PostgreSQL that a killed launcher left running on this folder is shut down cleanly,
 * a pid file whose process is gone or is another program is removed. The caller holds the lock of the data folder, so no
 * living launcher owns what is found.
 * @returns what was done, for people; null when there was nothing to do.
 * @throws Error when the process cannot be judged or does not stop.
 */
export async function clearLeftovers(dataFolder: string, stopTimeoutMs = 30_000): Promise<string | null> {
  const found = readPidFile(dataFolder);
  if (!found) return null;
  const verdict = judgePid(found.pid, dataFolder);
  if (verdict === 'unknown') {
    throw new Error(
      `The data folder "${dataFolder}" is in use by process ${found.pid}, which this user may not look at. If it is a PostgreSQL of yours, stop it; if not, remove "${path.join(dataFolder, 'postmaster.pid')}".`,
    );
  }
  if (verdict !== 'ours') {
    rmSync(path.join(dataFolder, 'postmaster.pid'), { force: true });
    return `removed the pid file that a server left behind (its process ${found.pid} is ${verdict === 'gone' ? 'gone' : 'now another program'})`;
  }
  await stopPostmaster(found.pid, dataFolder, stopTimeoutMs);
  return `stopped the server that an earlier launcher left running (process ${found.pid})`;
}

async function stopPostmaster(pid: number, dataFolder: string, timeoutMs: number): Promise<void> {
  // Fast shutdown first; immediate, which is safe too but needs recovery, if that hangs.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (hasCode(error, 'ESRCH')) return;
      throw new Error(
        `A PostgreSQL (process ${pid}) runs on "${dataFolder}" and this user may not stop it. Stop it with "sudo kill -INT ${pid}", then start again.`,
        { cause: error },
      );
    }
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      if (judgePid(pid, dataFolder) !== 'ours') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`The PostgreSQL (process ${pid}) on "${dataFolder}" does not stop. Stop it with "kill -9 ${pid}".`);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
