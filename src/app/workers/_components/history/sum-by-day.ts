import { type ArchiveDay, type ArchiveFigures, sumFigures } from '#lib/archive/archive-stats.ts';

export interface DayFigures extends ArchiveFigures {
  day: string;
}

/** Adds up the sources of each day, in the order in which the days come. */
export function sumByDay(days: readonly ArchiveDay[]): DayFigures[] {
  const byDay = Map.groupBy(days, (row) => row.day);
  return [...byDay].map(([day, rows]) => ({ day, ...sumFigures(rows) }));
}

/** The day, in UTC, that lies so many days before now: 1 is today. */
export function firstDayOf(count: number, nowMs: number): string {
  return new Date(nowMs - (count - 1) * 86_400_000).toISOString().slice(0, 10);
}
