import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchOomKills } from './oom-kills.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'eko-oom-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const events = (kills: number) => `low 0\nhigh 0\nmax 812\noom 3\noom_kill ${kills}\noom_group_kill 9\n`;
const control = (kills: number) => `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`;
const vmstat = (kills: number) => `pgfault 100\noom_kill ${kills}\n`;

it.each([
  ['a systemd unit', '0::/system.slice/eko.service\n', 'sys/fs/cgroup/system.slice/eko.service/memory.events', events],
  ['a group without a count, below one', '0::/user.slice/a.scope\n', 'sys/fs/cgroup/user.slice/memory.events', events],
  ['a container of version 2', '0::/\n', 'sys/fs/cgroup/memory.events', events],
  ['version 1', '4:memory:/eko\n0::/\n', 'sys/fs/cgroup/memory/eko/memory.oom_control', control],
  ['a container of version 1', '4:memory:/docker/4f0c\n', 'sys/fs/cgroup/memory/memory.oom_control', control],
  ['a machine without groups', '', 'proc/vmstat', vmstat],
])('counts the kills of %s since it was asked last', (_where, cgroup, file, textOf) => {
  write('proc/self/cgroup', cgroup);
  if (file !== 'proc/vmstat') write('proc/vmstat', vmstat(70));
  write(file, textOf(2));
  const countNew = watchOomKills(root);
  expect(countNew()).toBe(0);
  write(file, textOf(4));
  if (file !== 'proc/vmstat') write('proc/vmstat', vmstat(99));
  expect(countNew()).toBe(2);
  expect(countNew()).toBe(0);
});

it('knows of none where nobody counts, and when a count appears or starts anew', () => {
  const countNew = watchOomKills(root);
  expect(countNew()).toBe(0);
  write('proc/vmstat', vmstat(5));
  expect(countNew()).toBe(0);
  write('proc/vmstat', vmstat(0));
  expect(countNew()).toBe(0);
});
