import { expect, it } from 'vitest';
import { StickyMap } from './sticky-map.ts';

it('keeps the keys that were asked for last, and no more than it may', () => {
  const map = new StickyMap(3);
  map.keep('a', 1);
  map.keep('b', 2);
  map.keep('c', 3);
  expect(map.find('a')).toBe(1);
  map.keep('d', 4);
  expect(['a', 'b', 'c', 'd'].map((key) => map.find(key))).toEqual([1, null, 3, 4]);
});

it('drops a proxy only from the key that still has it', () => {
  const map = new StickyMap();
  map.keep('a', 1);
  map.drop('a', 2);
  expect(map.find('a')).toBe(1);
  map.drop('a', 1);
  expect(map.find('a')).toBeNull();
});
