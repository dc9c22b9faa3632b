import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs, retrySchedule } from './retry-policy.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('retryDelayMs', () => {
  it('is 30, 60, 120, 240 and then 300 s in the middle of its jitter', () => {
    const middle = [1, 2, 3, 4].map((retry) => retryDelayMs(retry, () => 0.5));
    expect(middle).toEqual([30_000, 60_000, 120_000, 240_000]);
    expect(retryDelayMs(50, () => 0.999)).toBe(300_000);
  });

  it('never leaves ±10 % of the nominal wait, nor exceeds 300 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), random, (retry, value) => {
        const nominalMs = Math.min(300_000, 30_000 * 2 ** (retry - 1));
        const delayMs = retryDelayMs(retry, () => value);
        expect(delayMs).toBeGreaterThanOrEqual(nominalMs * 0.9 - 1);
        expect(delayMs).toBeLessThanOrEqual(Math.min(300_000, nominalMs * 1.1 + 1));
      }),
    );
  });

  it('never gets shorter with the number of retries', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), random, (retry, value) => {
        expect(retryDelayMs(retry + 1, () => value)).toBeGreaterThanOrEqual(retryDelayMs(retry, () => value));
      }),
    );
  });
});

describe('retrySchedule', () => {
  it('ends with the cap, which stands for all later retries', () => {
    expect(retrySchedule(() => 0.5)).toEqual([30_000, 60_000, 120_000, 240_000, 300_000]);
  });
});
