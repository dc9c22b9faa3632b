import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { WorkerView } from '#cli/worker-view.ts';
import { findFreshBundle } from './build.ts';
import { formatPretty, parseLine } from './output.ts';

const REFRESH_MS = 1_000;

/** The signal that a terminal was closed, and the error of a line that it does not take, come this close together. */
const SAME_LOSS_MS = 1_000;

/**
 * Runs the manager of this machine's workers as a process and ends as it ends. On a terminal its lines are made readable; else they go
 * on as they are. It gets our signals, and ends by itself when we are killed.
 * @param isPretty Whether people read it.
 * @returns its exit code.
 */
export async function runWorkersProcess(root: string, args: readonly string[], isPretty: boolean): Promise<number> {
  const manager = findFreshBundle(root, 'start-workers') ?? path.join(root, 'scripts', 'start-workers.ts');
  const child = spawn(process.execPath, [manager, ...args], {
    cwd: root,
    stdio: ['ignore', isPretty ? 'pipe' : 'inherit', 'inherit', 'ipc'],
    // A process group of its own: Ctrl-C comes from us, once.
    detached: process.platform !== 'win32',
  });
  let isAsked = false;
  let lostAtMs = Number.NEGATIVE_INFINITY;
  const forward = (signal: NodeJS.Signals) => {
    if (performance.now() - lostAtMs < SAME_LOSS_MS) return;
    isAsked = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  // The starter or the terminal is gone. It is told by a signal too, before or after: a second one would mean "at once".
  const stop = () => {
    if (isAsked) return;
    forward('SIGTERM');
    lostAtMs = performance.now();
  };
  process.once('disconnect', stop);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop);
  if (child.stdout) showLines(child.stdout);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}

function showLines(stream: NodeJS.ReadableStream): void {
  const { stdout } = process;
  const view = new WorkerView({
    write: (text) => stdout.write(text),
    columns: () => stdout.columns || 80,
    formatLog: formatLogLine,
    nowMs: () => performance.now(),
  });
  const timer = setInterval(() => view.refresh(), REFRESH_MS);
  const lines = createInterface({ input: stream });
  lines.on('line', (line) => view.take(line));
  lines.once('close', () => {
    clearInterval(timer);
    view.end();
  });
}

/** What is told at info is told better by the news. */
function formatLogLine(line: string): string | null {
  const event = parseLine('workers', line);
  return event.level === 'info' && line.startsWith('{')
    ? null
    : formatPretty(event, process.stdout.hasColors?.() ?? false);
}
