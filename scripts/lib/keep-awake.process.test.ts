import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '#test/manager-process.ts';
import { waitFor } from '#test/wait-for.ts';
import { findAwakeProgram } from './keep-awake.ts';

/** What systemd-inhibit does, but for the lock: it notes its arguments and runs the command at their end. */
const INHIBITOR = `#!/bin/sh
echo "$$ $*" > "$(dirname "$0")/noted"
for command; do :; done
"$command"
`;

let folder: string;
let child: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eko-awake-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<{ running: ChildProcess; inhibitorPid: number; noted: string }> {
  const file = path.join(folder, 'systemd-inhibit');
  writeFileSync(file, INHIBITOR);
  chmodSync(file, 0o755);
  const running = fork(path.join(import.meta.dirname, '__fixtures__/stay-awake.ts'), [], {
    env: { ...process.env, PATH: `${folder}${path.delimiter}${process.env.PATH}` },
  });
  child = running;
  await once(running, 'message');
  const noted = await waitFor(() => readFileSync(path.join(folder, 'noted'), 'utf8').trim(), { timeoutMs: 20_000 });
  return { running, noted, inhibitorPid: Number(noted.split(' ')[0]) };
}

describe.runIf(process.platform === 'linux')('keepAwake', () => {
  it('asks systemd-inhibit to keep the machine from sleeping', async () => {
    expect((await start()).noted).toMatch(/--what=idle:sleep --mode=block .* cat$/);
  });

  it('lets go when it is told to, and when its process is killed', async () => {
    const told = await start();
    told.running.send('release');
    await waitFor(() => !isAlive(told.inhibitorPid), { timeoutMs: 20_000 });
    told.running.kill('SIGKILL');
    rmSync(path.join(folder, 'noted'));
    const killed = await start();
    killed.running.kill('SIGKILL');
    await waitFor(() => !isAlive(killed.inhibitorPid), { timeoutMs: 20_000 });
  });
});

describe('findAwakeProgram', () => {
  it('knows the program of each system, and says where there is none', () => {
    expect(findAwakeProgram('darwin', 42, '')).toEqual({ file: '/usr/bin/caffeinate', args: ['-i', '-s', '-w', '42'] });
    expect(findAwakeProgram('linux', 42, folder)).toEqual({ missing: expect.stringContaining('systemd-inhibit') });
    expect(findAwakeProgram('win32', 42, '')).toEqual({ missing: 'there is no way to do that on win32' });
  });
});
