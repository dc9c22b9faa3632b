import { expect, it } from 'vitest';
import { trimEndOf } from './trim-end-of.ts';

it.each([
  ['a/b///', '/', 'a/b'],
  ['example.com..', '.', 'example.com'],
  ['Ann -; ', ' ;-', 'Ann'],
  ['///', '/', ''],
  ['', '/', ''],
  ['plain', '/', 'plain'],
])('"%s" without "%s" at its end is "%s"', (text, characters, trimmed) => {
  expect(trimEndOf(text, characters)).toBe(trimmed);
});
