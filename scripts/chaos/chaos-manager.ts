import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '#test/wait-for.ts';
import { bundleWorkers } from '#test/worker-bundle.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface ChaosManagerOptions {
  databaseUrl: string;
  workers: number;
  /** Settings beside those of the run, such as WORKER_CONCURRENCY. */
  env?: Record<string, string>;
  /** Program and arguments that run it, such as `ip netns exec NAME`. */
  prefix?: readonly string[];
}

export interface LogLine {
  message: string;
  [key: string]: unknown;
}

/**
 * A manager with its workers in a process group of its own, so that a whole machine can be killed or frozen at once. It ends when the
 * runner does: its channel to the runner closes then.
 */
export class ChaosManager {
  readonly #child: ChildProcess;
  readonly #workers = new Set<number>();
  readonly lines: LogLine[] = [];
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    // What dying processes print there is part of the plan, and long.
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface(stream).on('line', (text) => this.#read(text));
  }

  static async start({ databaseUrl, workers, env, prefix = [] }: ChaosManagerOptions): Promise<ChaosManager> {
    const folder = await bundleWorkers();
    const own = [path.join(folder, 'start-workers.mjs'), '--workers', String(workers)];
    const scrapers = ['--scrapers', path.join(folder, 'chaos-scrapers.mjs')];
    const [program = '', ...args] = [...prefix, process.execPath, ...own, ...scrapers];
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { NODE_ENV: 'test', PATH: process.env.PATH, LOG_LEVEL: 'info', DATABASE_URL: databaseUrl, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    await once(child, 'spawn');
    return new ChaosManager(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Workers that it has forked and that still are processes. */
  get workerPids(): number[] {
    return [...this.#workers].filter(isAlive);
  }

  /** Signals the manager alone. */
  signal(name: NodeJS.Signals): void {
    signalQuietly(this.pid, name);
  }

  /** Signals manager and workers at once, as when a machine goes: SIGKILL, SIGSTOP, SIGCONT. */
  signalMachine(name: NodeJS.Signals): void {
    signalQuietly(-this.pid, name);
  }

  /** Ends it with all its workers, whatever state they are in. */
  async destroy(): Promise<void> {
    this.signalMachine('SIGKILL');
    await this.exited;
    for (const pid of this.#workers) signalQuietly(pid, 'SIGKILL');
    await waitFor(() => this.workerPids.length === 0, { timeoutMs: 20_000, what: 'all workers to be gone' });
  }

  #read(text: string): void {
    try {
      const line = JSON.parse(text) as LogLine;
      if (line.message === 'Worker forked') this.#workers.add(Number(line.childPid));
      this.lines.push(line);
    } catch {
      this.lines.push({ message: text });
    }
  }
}

/** False as well when it was gone before. */
export function signalQuietly(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
