import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, chooseProxy } from './choose-proxy.ts';

const candidate = (id: number, change: Partial<Candidate> = {}): Candidate => ({
  id,
  tier: 0,
  successRate: 1,
  avgResponseTimeMs: 100,
  lastPickedAt: 0,
  ...change,
});
/** Gives the numbers in turn. */
const sequence = (...numbers: number[]) => {
  let index = 0;
  return () => numbers[index++ % numbers.length] ?? 0;
};

describe('chooseProxy', () => {
  it('finds none among none', () => {
    expect(chooseProxy([], Math.random)).toBeNull();
  });

  it.each([
    ['the more reliable one', candidate(1, { successRate: 0.9 }), candidate(2, { successRate: 0.7 })],
    ['the faster one', candidate(1, { avgResponseTimeMs: 80 }), candidate(2, { avgResponseTimeMs: 300 })],
    ['the one that rested longer', candidate(1, { lastPickedAt: 3 }), candidate(2, { lastPickedAt: 4 })],
    [
      'the known good one before an unknown',
      candidate(1),
      candidate(2, { successRate: null, avgResponseTimeMs: null }),
    ],
  ])('takes of two %s, whichever comes first', (_name, better, worse) => {
    expect(chooseProxy([better, worse], sequence(0, 0))?.id).toBe(1);
    expect(chooseProxy([worse, better], sequence(0, 0))?.id).toBe(1);
    expect(chooseProxy([worse, better], sequence(0.99, 0))?.id).toBe(1);
  });

  it('looks at two only, so that the best one does not get everything', () => {
    const pool = [candidate(1), candidate(2, { successRate: 0.8 }), candidate(3, { successRate: 0.7 })];
    expect(chooseProxy(pool, sequence(0.4, 0.99))?.id).toBe(2);
  });

  it('never takes a higher tier while a lower one is there, and always takes one', () => {
    const anyPool = fc.array(
      fc.record({
        id: fc.nat(),
        tier: fc.nat(3),
        successRate: fc.option(fc.float({ min: 0, max: 1, noNaN: true })),
        avgResponseTimeMs: fc.option(fc.nat(60_000)),
        lastPickedAt: fc.nat(),
      }),
      { minLength: 1, maxLength: 20 },
    );
    const anyRandom = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    fc.assert(
      fc.property(anyPool, anyRandom, (pool, numbers) => {
        const chosen = chooseProxy(pool, () => numbers.next().value);
        expect(chosen?.tier).toBe(Math.min(...pool.map(({ tier }) => tier)));
      }),
    );
  });
});
