import { describe, expect, it } from 'vitest';
import { NetworkError } from '#lib/errors.ts';
import { storableJson, storableText, toStoredError } from './stored-error.ts';

describe('toStoredError', () => {
  it('keeps code, words, causes and context of an expected error, without its stack', () => {
    const error = new NetworkError('no answer', { context: { url: 'https://example.com' }, cause: new Error('reset') });
    expect(toStoredError(error)).toEqual({
      code: 'network',
      message: 'no answer',
      cause: 'reset',
      context: { url: 'https://example.com' },
    });
  });

  it('keeps the stack of a bug', () => {
    expect(toStoredError(new TypeError('x is undefined'))).toMatchObject({
      code: 'bug',
      message: 'x is undefined',
      stack: expect.stringContaining('stored-error.test.ts'),
    });
  });

  it('says what the parts of a nameless aggregate were', () => {
    expect(toStoredError(new AggregateError([new Error('a'), new Error('b')])).message).toBe('a; b');
  });
});

describe('storable texts', () => {
  it('lose NUL characters, passwords in addresses, and their end when they are too long', () => {
    expect(storableText('a\0b')).toBe('ab');
    expect(storableText('at http://user:secret@proxy.example.com:80/')).toBe('at http://***@proxy.example.com:80/');
    expect(storableText('abcdef', 4)).toBe('abc…');
  });

  it('hold no half of a surrogate pair, nor make one, whether in texts or in names', () => {
    expect(storableText('a\ud800')).toBe('a\ufffd');
    expect(storableText('abc\u{1f600}', 5)).toBe('abc\u{1f600}');
    expect(storableText('abc\u{1f600}de', 5)).toBe('abc\ufffd…');
    expect(storableJson({ 'a\0': [{ '\ud800': '\ud800' }] })).toEqual({ a: [{ '\ufffd': '\ufffd' }] });
  });

  it('make JSON of whatever a scraper logs', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(storableJson(cycle)).toEqual({ leftOut: 'details that JSON cannot hold' });
    expect(storableJson({ big: 1n, text: 'a\0', error: new Error('e') })).toEqual({ big: '1', text: 'a', error: 'e' });
    expect(storableJson({ text: Array(200).fill('x'.repeat(100)) })).toHaveProperty('leftOut');
    expect(storableJson({})).toBeUndefined();
  });
});
