import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Why clocks cannot be changed here; null when they can. */
export function findClockObstacle(): string | null {
  const isWhole = findFaketime() !== null && !spawnSync('faketime', ['--version']).error;
  return isWhole ? null : 'libfaketime is not installed (Debian: apt-get install faketime)';
}

/** The library that changes the clocks of a program it is loaded into; null when it is not installed. */
export function findFaketime(): string | null {
  const folders = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').map((name) => path.join('/usr/lib', name, 'faketime'))
    : [];
  return folders.map((folder) => path.join(folder, 'libfaketime.so.1')).find((file) => existsSync(file)) ?? null;
}

/** A machine whose clocks and timers run fast from now on. */
export interface FastClock {
  /** Environment of its programs. They share its clocks, as processes of one machine do, whenever they start. */
  env: Record<string, string>;
  close(): void;
}

/** Lives until it is closed; the programs that use it should be gone by then. */
export async function startFastClock(speed: number): Promise<FastClock> {
  const names = ['LD_PRELOAD', 'FAKETIME', 'FAKETIME_SHARED'] as const;
  // The wrapper makes the memory that holds when the clock began, and takes it away when what it runs has ended.
  const script = `printf '%s|%s|%s\\n' ${names.map((name) => `"$${name}"`).join(' ')}; read -r _`;
  const keeper = spawn('faketime', ['-m', '-f', `+0 x${speed}`, 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    keeper.once('error', reject).once('exit', () => reject(new Error('faketime ended at once')));
    createInterface(keeper.stdout).once('line', resolve);
  });
  const values = line.split('|');
  return {
    env: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
    close: () => keeper.stdin.end(),
  };
}
