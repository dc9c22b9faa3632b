import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { backoffCeilingMs } from '#lib/backoff.ts';
import type { Output } from './output.ts';

export interface ChildSpec {
  /** Shown before each of its lines. */
  name: string;
  /** Arguments of Node, the script included. */
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** How long it may take to end after SIGTERM before SIGKILL. */
  graceMs: number;
  onMessage?: (message: unknown) => void;
}

export interface SupervisedChild {
  /** Resolves when the first process of it ends, by itself or because of stop(). */
  firstExit: Promise<string>;
  /** SIGTERM, and SIGKILL after the grace time. Resolves when it and its own children are gone. */
  stop(): Promise<void>;
  /** SIGKILL to it and its children. */
  kill(): void;
}

/** One that ran this long counts as healthy: its next crash is the first again. */
const HEALTHY_MS = 60_000;

/**
 * Runs a Node process for as long as we live, and starts it again after 0.5, 1, 2 … 30 s when it ends by itself.
 * It leads a process group of its own, so that Ctrl-C reaches only us, and has an IPC channel, whose end tells it that we
 * are gone.
 */
export function superviseChild(spec: ChildSpec, output: Output): SupervisedChild {
  let child: ChildProcess | null = null;
  let stopping = false;
  let wake = () => {};
  let crashes = 0;
  const exits: ((how: string) => void)[] = [];
  const firstExit = new Promise<string>((resolve) => exits.push(resolve));

  const loop = async (): Promise<void> => {
    while (!stopping) {
      const startedAt = Date.now();
      child = spawnChild(spec, output);
      const how = await exitOf(child);
      for (const tell of exits.splice(0)) tell(how);
      if (stopping) return;
      crashes = Date.now() - startedAt > HEALTHY_MS ? 1 : crashes + 1;
      const delayMs = backoffCeilingMs(crashes, 500, 30_000);
      output.say('error', `${spec.name} ended by itself (${how}); starting it again in ${delayMs / 1000} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const ended = loop();

  const kill = () => {
    stopping = true;
    wake();
    if (child?.pid) killGroup(child.pid, 'SIGKILL');
  };
  return {
    firstExit,
    kill,
    async stop() {
      stopping = true;
      wake();
      child?.kill('SIGTERM');
      const overdue = setTimeout(kill, spec.graceMs);
      await ended;
      clearTimeout(overdue);
      // What it may have left of its own children.
      if (child?.pid) killGroup(child.pid, 'SIGKILL');
    },
  };
}

function spawnChild(spec: ChildSpec, output: Output): ChildProcess {
  const child = spawn(process.execPath, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', (line) => output.childLine(spec.name, line));
  }
  child.on('message', (message) => spec.onMessage?.(message));
  return child;
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // The group is empty: that is what we want.
  }
}
