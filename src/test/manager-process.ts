import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from './wait-for.ts';
import { bundleWorkers } from './worker-bundle.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface ManagerProcessOptions {
  databaseUrl: string;
  workers?: number;
  env?: Record<string, string>;
  /** Module in src/test with the scrapers of this test, or the program's own. */
  scrapers?: 'scripted-scrapers' | 'broken-scrapers' | 'built-in';
  /** The folder of another version's bundles. */
  bundles?: string;
  /** Further flags. */
  args?: readonly string[];
  /** Program and arguments that run it, such as those of a MemoryGroup. */
  prefix?: readonly string[];
  /** In a process group of its own, so that a signal can go to `-pid`: to it and all its workers. */
  ownGroup?: boolean;
  /** Where its log goes, as a file descriptor; else it is collected. */
  output?: number;
}

export interface LogLine {
  message: string;
  level: string;
  worker?: string;
  [key: string]: unknown;
}

/** A real manager process with real workers, from the bundles. */
export interface ManagerProcess {
  process: ChildProcess;
  pid: number;
  /** Everything that it and its workers have logged. */
  lines: LogLine[];
  /** Live children, as the operating system sees them. */
  workerPids(): number[];
  /** Resolves with the exit code, or the signal's name. */
  exited: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  /** Ends it and all its workers, whatever state they are in. */
  destroy(): Promise<void>;
}

export async function startManagerProcess(options: ManagerProcessOptions): Promise<ManagerProcess> {
  const folder = options.bundles ?? (await bundleWorkers());
  const args = ['--workers', String(options.workers ?? 1), ...(options.args ?? [])];
  const { scrapers = 'scripted-scrapers' } = options;
  if (scrapers !== 'built-in') args.push('--scrapers', path.join(folder, `${scrapers}.mjs`));
  const [program = '', ...rest] = [...(options.prefix ?? []), process.execPath, path.join(folder, 'start-workers.mjs')];
  const child = spawn(program, [...rest, ...args], {
    cwd: ROOT,
    env: {
      NODE_ENV: 'test',
      PATH: process.env.PATH,
      DATABASE_URL: options.databaseUrl,
      HEARTBEAT_INTERVAL: '1',
      LOCK_TTL: '6',
      LOG_LEVEL: 'debug',
      ...options.env,
    },
    stdio: ['ignore', options.output ?? 'pipe', 'inherit', 'ipc'],
    detached: options.ownGroup ?? false,
  });
  const lines: LogLine[] = [];
  const seenPids = new Set<number>();
  if (child.stdout) createInterface(child.stdout).on('line', (text) => collect(text, lines, seenPids));
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    process: child,
    pid: child.pid ?? 0,
    lines,
    workerPids: () => [...seenPids].filter(isAlive),
    exited,
    kill: (signal) => void child.kill(signal),
    async destroy() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
      for (const pid of seenPids) killQuietly(pid);
      await waitFor(() => ![...seenPids].some(isAlive), { what: 'all workers to be gone' });
    },
  };
}

function collect(text: string, lines: LogLine[], pids: Set<number>): void {
  try {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    if (line.message === 'Worker forked') pids.add(Number(line.childPid));
  } catch {
    lines.push({ level: 'raw', message: text });
  }
}

/** Whether a process runs; one that has ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
