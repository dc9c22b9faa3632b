import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPeer } from '#test/require-peer.ts';
import { managerConfig } from '#workers/manager/manager-config.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const UNITS = path.join(ROOT, 'deploy/systemd');
const unitNames = readdirSync(UNITS).filter((name) => name.endsWith('.service'));
const read = (...parts: string[]) => readFileSync(path.join(ROOT, ...parts), 'utf8');

/** Grace for sessions, then 5 s until a hanging worker is killed, then two times 3 s for what is still to be written. */
const LONGEST_STOP_MS = managerConfig().drainGraceMs + 11_000;

const analyze = findPeer('systemd-analyze', 'systemd');

describe('what supervisors are told', () => {
  it('gives a manager longer than its longest stop before it is killed', async () => {
    const { apps } = await import(path.join(ROOT, 'ecosystem.config.js'));
    expect(apps).toHaveLength(1);
    expect(apps[0].kill_timeout).toBeGreaterThan(LONGEST_STOP_MS);
    for (const name of unitNames) {
      const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(read('deploy/systemd', name))?.[1]);
      expect(seconds * 1_000, name).toBeGreaterThan(LONGEST_STOP_MS);
    }
  });

  it('names only settings that there are', () => {
    const names = (text: string) => [...text.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name);
    const known = names(read('.env.example'));
    for (const name of names(read('deploy/systemd/eko.env.example'))) expect(known).toContain(name);
  });
});

describe.skipIf(analyze === null)('the systemd units', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'eko-units-'));
    // Where this machine keeps its Node is not what is checked.
    for (const name of unitNames) {
      const unit = read('deploy/systemd', name).replaceAll('/usr/bin/node', process.execPath);
      writeFileSync(path.join(folder, name), unit);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) => spawnSync(analyze ?? '', args, { cwd: folder, encoding: 'utf8' });

  it.each(unitNames)('%s holds nothing that systemd does not know', (name) => {
    const { status, stdout, stderr } = run('verify', `./${name}`);
    expect(
      `${stdout}${stderr}`.split('\n').filter((line) => line.includes(name.replace('@', '')) || line.includes(name)),
    ).toEqual([]);
    expect(status).toBe(0);
  });

  it.each(unitNames)('%s is exposed no more than it has to be', (name) => {
    // In tenths, and 100 is a unit without any hardening. Chromium's own sandbox and the network cost most of it.
    const { status, stdout } = run('security', '--offline=true', '--threshold=30', `./${name}`);
    expect(stdout).toContain('Overall exposure level');
    expect(status).toBe(0);
  });
});
