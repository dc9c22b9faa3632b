import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMachineSampler } from './machine-sampler.ts';

const MB = 1_048_576;
const MEMINFO = 'MemTotal:        8388608 kB\nMemFree:          102400 kB\nMemAvailable:    6291456 kB\n';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'eko-sampler-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const sample = () => createMachineSampler({ dataFolder: root, root })();

it('takes the memory of a container of version 2, without what could be given back', async () => {
  write({
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': `${512 * MB}\n`,
    'sys/fs/cgroup/memory.current': `${500 * MB}\n`,
    'sys/fs/cgroup/memory.stat': `anon 1\ninactive_file ${116 * MB}\n`,
    'sys/fs/cgroup/cpu.max': '50000 100000\n',
    'sys/fs/cgroup/cpu.stat': 'usage_usec 1000\nuser_usec 600\n',
  });
  expect(await sample()).toMatchObject({ memoryPercent: 75, memoryLimitMb: 512, cpuCount: 0.5 });
});

it('takes the tightest limit above a systemd unit', async () => {
  write({
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '0::/eko.slice/eko-workers.service\n',
    'sys/fs/cgroup/eko.slice/memory.max': `${1_000 * MB}\n`,
    'sys/fs/cgroup/eko.slice/memory.current': `${900 * MB}\n`,
    'sys/fs/cgroup/eko.slice/eko-workers.service/memory.max': `${800 * MB}\n`,
    'sys/fs/cgroup/eko.slice/eko-workers.service/memory.current': `${80 * MB}\n`,
  });
  expect(await sample()).toMatchObject({ memoryPercent: 90, memoryLimitMb: 1_000 });
});

it('reads version 1, also where the path of the host does not exist in the container', async () => {
  write({
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '9:memory:/docker/4f0c\n4:cpu,cpuacct:/docker/4f0c\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': `${256 * MB}\n`,
    'sys/fs/cgroup/memory/memory.usage_in_bytes': `${200 * MB}\n`,
    'sys/fs/cgroup/memory/memory.stat': `cache 1\ntotal_inactive_file ${8 * MB}\n`,
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '25000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpuacct/cpuacct.usage': '123456789\n',
  });
  expect(await sample()).toMatchObject({ memoryPercent: 75, memoryLimitMb: 256, cpuCount: 0.25 });
});

it('takes the machine where nothing limits it', async () => {
  write({
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '9:memory:/\n0::/\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/memory.usage_in_bytes': '1\n',
  });
  expect(await sample()).toMatchObject({ memoryPercent: 25, memoryLimitMb: 8_192 });
});

it.each(['.', 'not/made/yet'])('knows the disk of its data folder "%s"', async (folder) => {
  const { diskPercent, diskFreeMb } = await createMachineSampler({ dataFolder: path.join(root, folder), root })();
  expect(diskPercent).toBeGreaterThan(0);
  expect(diskPercent).toBeLessThanOrEqual(100);
  expect(diskFreeMb).toBeGreaterThan(0);
});

it('gives null for what cannot be found out', async () => {
  write({ file: '' });
  const none = createMachineSampler({ dataFolder: path.join(root, 'file/data'), root });
  expect(await none()).toMatchObject({ diskPercent: null, diskFreeMb: null, memoryPercent: null });
});
