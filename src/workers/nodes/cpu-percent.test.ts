import { describe, expect, it } from 'vitest';
import { type CpuReading, cpuPercent } from './cpu-percent.ts';

const reading = (atMs: number, groups: Record<string, { usedMs: number; cores: number }>, busyMs = 0, totalMs = 0) => ({
  atMs,
  groups: new Map(Object.entries(groups)),
  machine: { busyMs, totalMs },
});

describe('cpuPercent', () => {
  it('of a container is its own use of its own share', () => {
    const before: CpuReading = reading(0, { '/c': { usedMs: 100, cores: 1.5 } }, 0, 0);
    const after: CpuReading = reading(2_000, { '/c': { usedMs: 1_600, cores: 1.5 } }, 16_000, 16_000);
    expect(cpuPercent(before, after)).toBe(50);
  });

  it('is that of the tightest group on the way up', () => {
    const before = reading(0, { '/a/b': { usedMs: 0, cores: 2 }, '/a': { usedMs: 0, cores: 4 } });
    const after = reading(1_000, { '/a/b': { usedMs: 500, cores: 2 }, '/a': { usedMs: 3_600, cores: 4 } });
    expect(cpuPercent(before, after)).toBe(90);
  });

  it('of a machine without limits is what all its processors did', () => {
    expect(cpuPercent(reading(0, {}, 1_000, 4_000), reading(1_000, {}, 2_500, 6_000))).toBe(75);
  });

  it('is never above 100, though a quota may be overdrawn for a moment', () => {
    const before = reading(0, { '/c': { usedMs: 0, cores: 1 } });
    expect(cpuPercent(before, reading(1_000, { '/c': { usedMs: 1_100, cores: 1 } }))).toBe(100);
  });

  it('is unknown when no time has passed or a counter has started over', () => {
    expect(cpuPercent(reading(5, {}), reading(5, {}))).toBeNull();
    expect(cpuPercent(reading(0, {}, 50, 100), reading(1_000, {}, 10, 20))).toBeNull();
    const before = reading(0, { '/c': { usedMs: 900, cores: 1 } }, 0, 1_000);
    expect(cpuPercent(before, reading(1_000, { '/c': { usedMs: 10, cores: 1 } }, 500, 2_000))).toBe(50);
  });
});
