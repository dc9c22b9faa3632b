import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type PostgresBinaries, programPath } from './binaries.ts';
import type { OsUser } from './os-user.ts';

/** One PostgreSQL data folder and what is needed to run a server on it. */
export interface Cluster {
  /** PGDATA. Owned by `osUser` where that is set. */
  dataFolder: string;
  binaries: PostgresBinaries;
  osUser: OsUser | null;
}

/** The superuser, for administration only. */
export interface Superuser {
  name: string;
  password: string;
}

/** The messages of PostgreSQL stay English and times UTC, whatever the machine is set to: we read some of them. */
const SERVER_ENV = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };

function identity(cluster: Cluster): { uid?: number; gid?: number } {
  return cluster.osUser ? { uid: cluster.osUser.uid, gid: cluster.osUser.gid } : {};
}

/**
 * Creates the data folder's content: UTF-8, the builtin collation (the same on every machine), SCRAM passwords for
 * every connection. `sync: false` skips waiting for the disk, for tests.
 */
export function initCluster(cluster: Cluster, superuser: Superuser, options: { sync: boolean }): void {
  const passwordFile = `${cluster.dataFolder}.password`;
  writeFileSync(passwordFile, `${superuser.password}\n`, { mode: 0o600 });
  if (cluster.osUser) chownSync(passwordFile, cluster.osUser.uid, cluster.osUser.gid);
  try {
    const args = ['-D', cluster.dataFolder, '-U', superuser.name, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'];
    args.push('-E', 'UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-instructions');
    if (!options.sync) args.push('--no-sync');
    const result = spawnSync(programPath(cluster.binaries, 'initdb'), args, {
      ...identity(cluster),
      cwd: path.dirname(cluster.dataFolder),
      env: SERVER_ENV,
      encoding: 'utf8',
    });
    if (result.status !== 0) {
      const said = result.error?.message ?? `${result.stderr}${result.stdout}`.trim();
      throw new Error(`PostgreSQL could not set up the data folder "${cluster.dataFolder}": ${said}`, {
        cause: result.error,
      });
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** A running postmaster that we started. */
export interface RunningServer {
  pid: number;
  /** Resolves once with how it ended. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** 'fast' ends sessions and writes a checkpoint; 'immediate' is as after a crash. Resolves when it is gone. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  kill(): Promise<void>;
}

/** The port was taken between our choice and the server's bind. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

export interface ServerOptions {
  port: number;
  settings?: Record<string, string>;
  /** Beside ours. */
  env?: Record<string, string>;
  onLine?: (line: string) => void;
  startTimeoutMs?: number;
}

/**
 * Starts the server on loopback and waits until it accepts connections (recovery after a crash included).
 * It runs in a session of its own, so that Ctrl-C on the terminal reaches the launcher only, which then stops things in
 * order. Should the launcher die without doing so, a watchdog shuts the server down.
 */
export async function startServer(cluster: Cluster, options: ServerOptions): Promise<RunningServer> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    ...options.settings,
  };
  const args = [
    '-D',
    cluster.dataFolder,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child = spawn(programPath(cluster.binaries, 'postgres'), args, {
    ...identity(cluster),
    cwd: cluster.dataFolder,
    env: { ...SERVER_ENV, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const tail: string[] = [];
  readLines(child, (line) => {
    tail.push(line);
    if (tail.length > 20) tail.shift();
    options.onLine?.(line);
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      tail.push(error.message);
      resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  await waitUntilAccepting(cluster, child, exited, tail, options.startTimeoutMs ?? 60_000);
  const watchdog = startWatchdog(cluster.dataFolder, child.pid ?? 0);
  void exited.then(() => watchdog.kill('SIGKILL'));
  return runningServer(child, exited);
}

function runningServer(child: ChildProcess, exited: RunningServer['exited']): RunningServer {
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    // A fast shutdown can hang on a disk that hangs; an immediate one is as safe as a crash.
    const overdue = setTimeout(() => child.kill('SIGQUIT'), 20_000);
    await exited;
    clearTimeout(overdue);
  };
  return {
    pid: child.pid ?? 0,
    exited,
    // Signals of postgres(1): SIGINT is a fast shutdown, SIGQUIT an immediate one.
    stop: (mode) => end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT'),
    kill: () => end('SIGKILL'),
  };
}

/** Line 8 of postmaster.pid tells the state, which is how pg_ctl waits too. */
async function waitUntilAccepting(
  cluster: Cluster,
  child: ChildProcess,
  exited: RunningServer['exited'],
  tail: string[],
  timeoutMs: number,
): Promise<void> {
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + timeoutMs;
  while (!ended && Date.now() < deadline) {
    const state = readPidFile(cluster.dataFolder);
    if (state?.pid === child.pid && state?.status === 'ready') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (!ended) {
    child.kill('SIGINT');
    await exited;
  }
  const said = tail.join('\n');
  if (/could not bind|Address already in use/i.test(said)) throw new PortTakenError(said);
  throw new Error(
    ended
      ? `PostgreSQL ended while starting on "${cluster.dataFolder}":\n${said}`
      : `PostgreSQL did not accept connections within ${timeoutMs} ms on "${cluster.dataFolder}":\n${said}`,
  );
}

export interface PidFile {
  pid: number;
  /** Seconds since 1970 at which that postmaster started. */
  startedAt: number;
  port: number;
  /** "starting", "ready", "stopping", "standby". */
  status: string;
}

/** Reads postmaster.pid (lines as in PostgreSQL's src/include/utils/pidfile.h); null when there is none. */
export function readPidFile(dataFolder: string): PidFile | null {
  const file = path.join(dataFolder, 'postmaster.pid');
  if (!existsSync(file)) return null;
  try {
    return parsePidFile(readFileSync(file, 'utf8'));
  } catch {
    // It went away in between, or is not ours to read; the caller sees that the server is not ready.
    return null;
  }
}

export function parsePidFile(text: string): PidFile | null {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, startedAt: Number(lines[2]), port: Number(lines[3]), status: lines[7] ?? '' };
}

/**
 * A shell that waits for the end of our process (its standard input closes then) and shuts the server down if it still is
 * the one in postmaster.pid. One megabyte, and no orphan is left when the launcher is killed.
 */
function startWatchdog(dataFolder: string, pid: number): ChildProcess {
  const script = `trap '' INT TERM HUP; read -r _; read -r now < "$0/postmaster.pid"; [ "$now" = "$1" ] && kill -INT "$1"`;
  const watchdog = spawn('/bin/sh', ['-c', script, dataFolder, String(pid)], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Windows has no /bin/sh; there a server left over is found and stopped at the next start.
  watchdog.on('error', () => {});
  watchdog.stdin?.on('error', () => {});
  watchdog.unref();
  return watchdog;
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  });
}
