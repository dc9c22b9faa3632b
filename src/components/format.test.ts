import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatClock,
  formatDuration,
  formatMs,
  formatPhone,
  formatRatio,
  plural,
} from './format.ts';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [12_400, '12 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [356_400_000, '4 d 3 h'],
  ])('writes %d ms as "%s"', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('short times', () => {
  it.each([
    [250, '250 ms'],
    [2_500, '2.5 s'],
    [10_000, '10 s'],
    [59_940, '59.9 s'],
    [60_000, '1 min'],
  ])('writes %d ms as "%s"', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
});

describe('ages', () => {
  const now = Date.parse('2026-01-02T12:00:00Z');
  it.each([
    ['2026-01-02T12:00:00Z', 'just now'],
    ['2026-01-02T11:59:57Z', '3 s ago'],
    ['2026-01-02T11:54:40Z', '5 min ago'],
    ['2026-01-01T11:00:00Z', '1 d ago'],
    ['2026-01-02T12:00:40Z', 'in 40 s'],
  ])('says how far %s is away', (iso, text) => {
    expect(formatAge(iso, now)).toBe(text);
  });
});

describe('the time of day', () => {
  it('begins at 00, not at 24', () => {
    expect(formatClock(new Date(2026, 0, 1, 0, 5, 9).toISOString())).toBe('00:05:09');
    expect(formatClock(new Date(2026, 0, 1, 23, 59, 59).toISOString())).toBe('23:59:59');
  });
});

describe('other figures', () => {
  it('leaves a rate of nothing open instead of calling it zero', () => {
    expect(formatRatio(null)).toBe('–');
    expect(formatRatio(0.985)).toBe('98.5%');
  });

  it('counts one thing in the singular', () => {
    expect([plural(0, 'lead'), plural(1, 'lead'), plural(1200, 'lead')]).toEqual(['0 leads', '1 lead', '1,200 leads']);
  });

  it('writes American phone numbers the American way and leaves others alone', () => {
    expect(formatPhone('+14045550123')).toBe('(404) 555-0123');
    expect(formatPhone('+14045550123', '12')).toBe('(404) 555-0123 ext. 12');
    expect(formatPhone('+493012345678')).toBe('+493012345678');
  });

  it('writes bytes in decimal units', () => {
    expect([formatBytes(12), formatBytes(3500), formatBytes(2_400_000), formatBytes(7_000_000_000)]).toEqual([
      '12 B',
      '3.5 kB',
      '2.4 MB',
      '7 GB',
    ]);
  });
});
