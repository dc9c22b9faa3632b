import { describe, expect, it } from 'vitest';
import { chooseTargets, jitterMs } from './choose-targets.ts';

describe('the targets of an occurrence', () => {
  const targets = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const names = (batchSize: number | null, position: number) =>
    chooseTargets(targets, batchSize, position).chosen.map(({ target }) => target);

  it('are so many, going round, so that each has its turn', () => {
    expect(names(5, 0)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(chooseTargets(targets, 5, 0).nextPosition).toBe(5);
    expect(names(5, 5)).toEqual(['f', 'g', 'a', 'b', 'c']);
  });

  it('are all where no number is given or it is larger, each once', () => {
    expect(names(null, 0)).toEqual(targets);
    expect(names(50, 3)).toEqual(['d', 'e', 'f', 'g', 'a', 'b', 'c']);
  });

  it('are found also when targets were taken away since the last occurrence', () => {
    expect(chooseTargets(['a', 'b'], 1, 5)).toEqual({ chosen: [{ target: 'b', index: 1 }], nextPosition: 0 });
    expect(chooseTargets([], 5, 3)).toEqual({ chosen: [], nextPosition: 0 });
  });
});

describe('the jitter', () => {
  const at = new Date('2026-01-01T07:00:00Z');

  it('is the same whoever computes it, and another for every target and occurrence', () => {
    expect(jitterMs(1, at, 0, 600)).toBe(jitterMs(1, new Date(at), 0, 600));
    const drawn = [0, 1, 2, 3].flatMap((index) => [jitterMs(1, at, index, 600), jitterMs(2, at, index, 600)]);
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it('spreads over its whole span and not beyond', () => {
    const drawn = Array.from({ length: 1_000 }, (_, index) => jitterMs(7, at, index, 60));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(60_000);
    const halves = drawn.filter((ms) => ms < 30_000).length;
    expect(halves).toBeGreaterThan(400);
    expect(halves).toBeLessThan(600);
  });

  it('is none where none is wanted', () => {
    expect(jitterMs(1, at, 0, 0)).toBe(0);
  });
});
