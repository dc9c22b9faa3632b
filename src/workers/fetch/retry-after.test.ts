import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('parseRetryAfter', () => {
  it.each<[string | undefined, string | undefined, number | null]>([
    ['120', undefined, 120_000],
    [' 5 ', undefined, 5000],
    ['60, 120', undefined, 120_000],
    ['0', undefined, null],
    ['-5', undefined, null],
    ['1.5', undefined, null],
    ['soon', undefined, null],
    ['', undefined, null],
    [undefined, undefined, null],
    ['99999999999999999999', undefined, 86_400_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', undefined, 60_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 'Thu, 01 Jan 2026 00:00:50 GMT', 10_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 'nonsense', 60_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', undefined, null],
    ['Thursday, 01-Jan-26 00:00:30 GMT', undefined, 30_000],
    ['Fri, 01 Jan 9999 00:00:00 GMT', undefined, 86_400_000],
    ['2026', undefined, 2_026_000],
  ])('reads %j (Date %j) as %j', (header, date, expected) => {
    expect(parseRetryAfter(header, date, NOW)).toBe(expected);
  });
});
