import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { waitFor } from '#test/wait-for.ts';
import { spawnWorker } from './worker-processes.ts';
import { removeLeftTempFolders } from './worker-temp-folder.ts';

/** Says where it keeps its temporary files, and goes on. */
const WORKER = `
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
process.on('message', () => {});
process.send(mkdtempSync(join(tmpdir(), 'profile-')));
`;

let folder: string;
let entry: string;
let child: ChildProcess | null = null;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'eko-temp-'));
  entry = path.join(folder, 'worker.mjs');
  await writeFile(entry, WORKER);
  vi.stubEnv('TMPDIR', path.join(folder, 'tmp'));
  await mkdir(tmpdir());
});
afterEach(async () => {
  child?.kill('SIGKILL');
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

it('is removed with all that is in it when its worker is killed', async () => {
  child = spawnWorker({ workerEntry: entry, workerEnv: process.env });
  const profile = await new Promise<string>((resolve) => child?.once('message', (said) => resolve(String(said))));
  expect(path.dirname(path.dirname(profile))).toBe(tmpdir());
  expect(existsSync(profile)).toBe(true);
  child.kill('SIGKILL');
  await waitFor(async () => (await readdir(tmpdir())).length === 0, { what: 'the folder to be removed' });
});

it('is none where none can be made, and the worker runs all the same', async () => {
  await rm(tmpdir(), { recursive: true });
  child = spawnWorker({ workerEntry: entry, workerEnv: { ...process.env, TMPDIR: folder } });
  const profile = await new Promise<string>((resolve) => child?.once('message', (said) => resolve(String(said))));
  expect(path.dirname(profile)).toBe(folder);
});

it('is removed later where its manager was killed, and nothing else is', async () => {
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const keep = [`eko-worker-${process.pid}-abc`, `eko-worker-${dead}`, `other-${dead}-abc`, 'eko-worker-x-abc'];
  for (const name of [...keep, `eko-worker-${dead}-abc`])
    await mkdir(path.join(tmpdir(), name, 'profile'), { recursive: true });
  await removeLeftTempFolders();
  expect((await readdir(tmpdir())).sort()).toEqual(keep.sort());
});
