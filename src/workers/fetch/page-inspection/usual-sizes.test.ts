import { describe, expect, it } from 'vitest';
import { UsualSizes } from './usual-sizes.ts';

describe('UsualSizes', () => {
  it('knows the median of the last pages of a key, once it has seen ten', () => {
    const sizes = new UsualSizes();
    for (let count = 1; count <= 9; count += 1) sizes.note('permits example.com', count * 1_000);
    expect(sizes.median('permits example.com')).toBeNull();
    sizes.note('permits example.com', 100_000);
    expect(sizes.median('permits example.com')).toBe(6_000);
    expect(sizes.median('permits example.org')).toBeNull();
  });

  it('forgets what was long ago, and what has not been asked for longest', () => {
    const sizes = new UsualSizes();
    for (let count = 0; count < 500; count += 1) sizes.note('a', 10);
    for (let count = 0; count < 51; count += 1) sizes.note('a', 20);
    expect(sizes.median('a')).toBe(20);
    for (let key = 0; key < 1_000; key += 1) sizes.note(`other ${key}`, 1);
    expect(sizes.median('a')).toBeNull();
  });
});
