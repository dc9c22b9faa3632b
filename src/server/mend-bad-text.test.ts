import { describe, expect, it } from 'vitest';
import { mendBadText } from './mend-bad-text.ts';

const mended = (value: object) => {
  mendBadText(value);
  return value;
};

describe('mendBadText', () => {
  it('takes NUL characters out and replaces halves of pairs, at any depth', () => {
    const body = { a: 'x\u0000y', list: ['ok', { deep: '\ud800!' }], count: 3, nothing: null };
    expect(mended(body)).toEqual({ a: 'xy', list: ['ok', { deep: '\ufffd!' }], count: 3, nothing: null });
  });

  it('leaves whole characters alone', () => {
    expect(mended({ text: '💥 Müller' })).toEqual({ text: '💥 Müller' });
  });

  it('changes a field called __proto__ like any other', () => {
    const body: object = JSON.parse('{"__proto__":"x\\u0000","other":1}');
    mendBadText(body);
    expect(JSON.stringify(body)).toBe('{"__proto__":"x","other":1}');
    expect({}).not.toHaveProperty('other');
  });

  it('takes any depth', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}"x"${']'.repeat(50_000)}`);
    expect(() => mendBadText(deep)).not.toThrow();
  });
});
