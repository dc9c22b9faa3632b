import { describe, expect, it } from 'vitest';
import { type ArchiveDay, sumFigures } from '#lib/archive/archive-stats.ts';
import { firstDayOf, sumByDay } from './sum-by-day.ts';

const row = (day: string, source: string, sessionsCompleted: number): ArchiveDay => ({
  ...sumFigures([]),
  day,
  source,
  sessionsCompleted,
});

describe('sumByDay', () => {
  it('adds up the sources of a day and keeps the order of the days', () => {
    const days = sumByDay([row('2026-03-02', 'a', 1), row('2026-03-02', 'b', 2), row('2026-03-01', 'a', 4)]);
    expect(days.map(({ day, sessionsCompleted }) => [day, sessionsCompleted])).toEqual([
      ['2026-03-02', 3],
      ['2026-03-01', 4],
    ]);
  });
});

describe('firstDayOf', () => {
  it('counts today, in UTC', () => {
    const now = Date.parse('2026-03-01T00:30:00Z');
    expect([firstDayOf(1, now), firstDayOf(2, now)]).toEqual(['2026-03-01', '2026-02-28']);
  });
});
