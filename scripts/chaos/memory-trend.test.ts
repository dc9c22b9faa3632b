import { expect, it } from 'vitest';
import { slopeOf } from './memory-trend.ts';

const samplesOf = (read: (hours: number) => number) =>
  [0, 1, 2, 3, 4].map((hours) => ({ hours, megabytes: read(hours) }));

it('tells growth per hour, whatever the size', () => {
  expect(slopeOf(samplesOf((hours) => 100 + 3 * hours))).toBeCloseTo(3);
  expect(slopeOf(samplesOf(() => 100))).toBe(0);
});

it('sees no growth in what goes up and down', () => {
  expect(slopeOf(samplesOf((hours) => 100 + (hours % 2) * 10))).toBeCloseTo(0);
});

it('takes too few samples for no growth', () => {
  expect(slopeOf([])).toBe(0);
  expect(slopeOf([{ hours: 1, megabytes: 50 }])).toBe(0);
});
