import { describe, expect, it } from 'vitest';
import { managerConfig, restartDelayMs } from './manager-config.ts';
import { failuresAfter } from './worker-end.ts';

describe('managerConfig', () => {
  it('has the documented defaults', () => {
    expect(managerConfig()).toMatchObject({
      numWorkers: 3,
      autoRestart: true,
      healthCheckInterval: 60_000,
      workerTimeout: 120_000,
      leaseMarginMs: 5_000,
    });
  });

  it('keeps a margin of a sixth of any lease', () => {
    expect(managerConfig({ leaseMs: 6_000 }).leaseMarginMs).toBe(1_000);
  });
});

describe('restartDelayMs', () => {
  it('doubles from 1 s to 80 s', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((failures) => restartDelayMs(failures, () => 0));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 80_000, 80_000]);
  });

  it('leaves out up to a quarter', () => {
    expect(restartDelayMs(3, () => 1)).toBe(3_000);
  });

  it('lets a worker that never gets to work start at most 12 more times in 10 minutes', () => {
    let failures = 0;
    let restarts = -1;
    for (let atMs = 0; atMs <= 600_000; atMs += restartDelayMs(failures, () => 1)) {
      failures = failuresAfter(failures, { cause: 'crashed', livedMs: 0, wasWorking: false });
      restarts += 1;
    }
    expect(restarts).toBeGreaterThan(5);
    expect(restarts).toBeLessThanOrEqual(12);
  });
});
