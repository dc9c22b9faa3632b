import { describe, expect, it } from 'vitest';
import { chooseLeaving, splitIntake } from './worker-pool.ts';

describe('splitIntake', () => {
  it('gives all slots, half of them, or none', () => {
    expect(splitIntake(3, 4, 1)).toEqual([4, 4, 4]);
    expect(splitIntake(3, 4, 0.5)).toEqual([2, 2, 2]);
    expect(splitIntake(3, 4, 0)).toEqual([0, 0, 0]);
  });

  it('halves also where each worker runs one session', () => {
    expect(splitIntake(4, 1, 0.5)).toEqual([1, 1, 0, 0]);
    expect(splitIntake(3, 3, 0.5)).toEqual([2, 1, 1]);
  });

  it('leaves at least one unless nothing shall be taken, and asks nothing of nobody', () => {
    expect(splitIntake(1, 1, 0.5)).toEqual([1]);
    expect(splitIntake(2, 1, 0.1)).toEqual([1, 0]);
    expect(splitIntake(0, 4, 1)).toEqual([]);
  });
});

describe('chooseLeaving', () => {
  const slots = [
    { index: 0, activeSessions: 0 },
    { index: 1, activeSessions: 2 },
    { index: 2, activeSessions: 0 },
    { index: 3, activeSessions: 1 },
  ];
  it('lets the idle ones go first, of these the newest, then those with the least to do', () => {
    expect(chooseLeaving(slots, 3)).toEqual([2, 0, 3]);
    expect(chooseLeaving(slots, 0)).toEqual([]);
    expect(chooseLeaving(slots, -2)).toEqual([]);
    expect(chooseLeaving(slots, 9)).toHaveLength(4);
  });
});
