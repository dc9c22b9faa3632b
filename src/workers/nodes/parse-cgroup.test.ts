import { describe, expect, it } from 'vitest';
import {
  coresOf,
  parseCgroupPaths,
  parseCpuMax,
  parseMeminfo,
  parseMemoryLimit,
  parseStatField,
  withAncestors,
} from './parse-cgroup.ts';

describe('parseCgroupPaths', () => {
  it('reads version 2 of a container, of a systemd unit, and of a container seen from its host', () => {
    expect(parseCgroupPaths('0::/\n').unified).toBe('/');
    expect(parseCgroupPaths('0::/system.slice/eko-workers.service\n').unified).toBe(
      '/system.slice/eko-workers.service',
    );
    expect(parseCgroupPaths('0::/system.slice/docker-4f0c.scope').unified).toBe('/system.slice/docker-4f0c.scope');
  });

  it('reads version 1, where controllers share hierarchies', () => {
    const text = `12:hugetlb:/docker/4f0c
9:memory:/docker/4f0c
4:cpu,cpuacct:/docker/4f0c
1:name=systemd:/docker/4f0c
0::/system.slice/containerd.service
`;
    expect(parseCgroupPaths(text)).toEqual({
      unified: '/system.slice/containerd.service',
      memory: '/docker/4f0c',
      cpu: '/docker/4f0c',
    });
  });

  it('keeps colons of a path, and finds nothing in what is no such file', () => {
    expect(parseCgroupPaths('9:memory:/kubepods/a:b\n').memory).toBe('/kubepods/a:b');
    expect(parseCgroupPaths('nonsense')).toEqual({ unified: null, memory: null, cpu: null });
  });
});

describe('withAncestors', () => {
  it('goes from a group up to the root, and never out of it', () => {
    expect(withAncestors('/a/b')).toEqual(['/a/b', '/a', '/']);
    expect(withAncestors('/')).toEqual(['/']);
    // Seen from a namespace below its own group.
    expect(withAncestors('/../../x')).toEqual(['/x', '/']);
  });
});

describe('limits', () => {
  it('of memory: a number, or none in either spelling', () => {
    expect(parseMemoryLimit('536870912\n')).toBe(536_870_912);
    expect(parseMemoryLimit('max\n')).toBeNull();
    expect(parseMemoryLimit('9223372036854771712\n')).toBeNull();
    expect(parseMemoryLimit('')).toBeNull();
  });

  it('of the processor: a share of a period, or none in either spelling', () => {
    expect(parseCpuMax('150000 100000\n')).toBe(1.5);
    expect(parseCpuMax('max 100000\n')).toBeNull();
    expect(parseCpuMax('')).toBeNull();
    expect(coresOf('50000\n', '100000\n')).toBe(0.5);
    expect(coresOf('-1\n', '100000\n')).toBeNull();
    expect(coresOf('50000', '0')).toBeNull();
  });
});

describe('parseStatField', () => {
  const stat = 'anon 1024\ninactive_file 4096\nactive_file 8192\ntotal_inactive_file 12288\n';
  it('finds a figure by its whole name', () => {
    expect(parseStatField(stat, 'inactive_file')).toBe(4_096);
    expect(parseStatField(stat, 'total_inactive_file')).toBe(12_288);
    expect(parseStatField(stat, 'inactive')).toBeNull();
  });
});

describe('parseMeminfo', () => {
  it('takes what is available, not what is free', () => {
    const text = 'MemTotal:       16384000 kB\nMemFree:          204800 kB\nMemAvailable:    8192000 kB\n';
    expect(parseMeminfo(text)).toEqual({ totalBytes: 16_384_000 * 1_024, availableBytes: 8_192_000 * 1_024 });
  });

  it('says that it does not know where a kernel says nothing', () => {
    expect(parseMeminfo('MemTotal: 16384000 kB\nMemFree: 204800 kB\n')).toBeNull();
    expect(parseMeminfo('')).toBeNull();
  });
});
