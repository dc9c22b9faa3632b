import { describe, expect, it } from 'vitest';
import { conditionalHeaders, validatorsOf } from './page-validators.ts';

const HASH_OF_X = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';

describe('validatorsOf', () => {
  it('takes what the site says, and the hash of the body', () => {
    const headers = { etag: 'W/"abc"', 'last-modified': 'Tue, 01 Sep 2026 10:00:00 GMT' };
    const expected = { etag: 'W/"abc"', lastModified: 'Tue, 01 Sep 2026 10:00:00 GMT', bodyHash: HASH_OF_X };
    expect(validatorsOf(headers, 'x')).toEqual(expected);
    expect(validatorsOf(headers, Buffer.from('x'))).toEqual(expected);
    expect(validatorsOf({}, 'x')).toEqual({ etag: null, lastModified: null, bodyHash: HASH_OF_X });
  });

  it.each(['', '"a\r\nx: y"', '"a\0"', '"ä"', ' "a"', '"a" ', `"${'a'.repeat(500)}"`])(
    'does not take the validator %j, which no header can carry',
    (etag) => {
      expect(validatorsOf({ etag, 'last-modified': etag }, 'x')).toMatchObject({ etag: null, lastModified: null });
    },
  );
});

describe('conditionalHeaders', () => {
  it('asks with what is known', () => {
    const known = { etag: '"a"', lastModified: 'Tue, 01 Sep 2026 10:00:00 GMT', bodyHash: HASH_OF_X };
    expect(conditionalHeaders(known)).toEqual({ 'if-none-match': '"a"', 'if-modified-since': known.lastModified });
    expect(conditionalHeaders({ ...known, etag: null })).toEqual({ 'if-modified-since': known.lastModified });
    expect(conditionalHeaders({ ...known, etag: null, lastModified: null })).toEqual({});
    expect(conditionalHeaders(null)).toEqual({});
  });
});
