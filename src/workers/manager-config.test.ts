import { describe, expect, it } from 'vitest';
import { managerConfig, restartDelayMs } from './manager-config.ts';

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
  it('doubles from 1 s to 60 s', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => restartDelayMs(failures, () => 0));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('leaves out up to a half', () => {
    expect(restartDelayMs(3, () => 1)).toBe(2_000);
  });
});
