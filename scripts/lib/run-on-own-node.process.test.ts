import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '#test/manager-process.ts';
import { waitFor } from '#test/wait-for.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FIXTURE = 'scripts/lib/__fixtures__/note-signals.ts';

let folder: string;
let npm: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eko-own-node-'));
});
afterEach(() => {
  if (npm?.pid && isAlive(-npm.pid)) process.kill(-npm.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const noted = () => readFileSync(path.join(folder, 'noted'), 'utf8').trim().split('\n');
const pidOfRunner = () => Number(readFileSync(path.join(folder, 'pid'), 'utf8'));

/** A script of npm that runs a program as "npm start" does, in a process group of its own, as a terminal would give it. */
async function startUnderNpm(): Promise<number> {
  const module = pathToFileURL(path.join(ROOT, 'scripts/lib/run-on-own-node.mjs')).href;
  writeFileSync(
    path.join(folder, 'runner.mjs'),
    `import { writeFileSync } from 'node:fs';
     import { runOnOwnNode } from ${JSON.stringify(module)};
     writeFileSync('pid', String(process.pid));
     runOnOwnNode(${JSON.stringify(ROOT)}, ${JSON.stringify(FIXTURE)}, [${JSON.stringify(path.join(folder, 'noted'))}]);`,
  );
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts: { go: 'node runner.mjs' } }));
  npm = spawn('npm', ['run', 'go'], { cwd: folder, stdio: 'ignore', detached: true });
  await waitFor(() => noted().includes('ready'), { timeoutMs: 60_000, what: 'the program to run' });
  return npm.pid ?? 0;
}

const isOver = () => waitFor(() => !isAlive(pidOfRunner()), { timeoutMs: 60_000, what: 'the program to end' });

describe.runIf(process.platform === 'linux')('a program under npm', { timeout: 120_000 }, () => {
  it.each(['SIGHUP', 'SIGTERM', 'SIGINT'] as const)(
    'is told once when its whole process group gets %s',
    async (signal) => {
      const pid = await startUnderNpm();
      process.kill(-pid, signal);
      await isOver();
      expect(noted()).toEqual(['ready', signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM']);
    },
  );

  it('is told to stop when npm is killed', async () => {
    await startUnderNpm();
    npm?.kill('SIGKILL');
    await isOver();
    expect(noted()).toEqual(['ready', 'SIGTERM']);
  });
});
