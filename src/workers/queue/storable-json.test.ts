import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storableError, storableJson, storableText } from './storable-json.ts';

describe('storableText', () => {
  it('drops NUL, replaces half surrogate pairs and cuts without making new ones', () => {
    expect(storableText('a\0b\ud800')).toBe('ab\ufffd');
    expect(storableText('ab😀', 3)).toBe('ab\ufffd');
  });
});

describe('storableJson', () => {
  it('is null for nothing', () => {
    expect([storableJson(null), storableJson(undefined)]).toEqual([null, null]);
  });

  it('never contains what jsonb refuses, whatever it is given', () => {
    const nasty = fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', '\\', 'u0000', 'a', '😀') });
    const value = fc.object({ key: nasty, values: [nasty, fc.integer(), fc.constant(null)], maxDepth: 3 });
    fc.assert(
      fc.property(value, (given) => {
        const json = storableJson(given) ?? '';
        for (const text of textsOf(JSON.parse(json))) expect(text.includes('\0') || !text.isWellFormed()).toBe(false);
      }),
    );
  });

  it('leaves ordinary values as they are', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (given) => {
        fc.pre(given !== null && textsOf(given).every((text) => !text.includes('\0') && text.isWellFormed()));
        expect(JSON.parse(storableJson(given) ?? '')).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });
});

describe('storableError', () => {
  it('cuts what would not be read', () => {
    const error = JSON.parse(storableError({ code: 'x', message: 'm'.repeat(9_000), stack: 's'.repeat(90_000) }));
    expect(error.message).toHaveLength(2_000);
    expect(error.stack).toHaveLength(8_000);
  });
});

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}
