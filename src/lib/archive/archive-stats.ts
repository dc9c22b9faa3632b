/** What was done on one day for one source, or in all. */
export interface ArchiveFigures {
  sessionsCompleted: number;
  sessionsFailed: number;
  sessionsCancelled: number;
  attempts: number;
  /** Of the attempts, those that failed by a fault of their own: not those that were put off or stopped. */
  attemptsFailed: number;
  leadsFound: number;
  leadsNew: number;
  requestsMade: number;
  requestsFailed: number;
  bytesReceived: number;
  durationMs: number;
}

export interface ArchiveDay extends ArchiveFigures {
  /** YYYY-MM-DD, in UTC. */
  day: string;
  source: string;
}

/** From one day to another, both included: YYYY-MM-DD, in UTC. */
export interface ArchiveRange {
  from: string;
  to: string;
}

/** GET /api/archive/stats */
export interface ArchiveStats extends ArchiveRange {
  totals: ArchiveFigures;
  /** Newest first; days on which nothing ended are left out. */
  days: ArchiveDay[];
  /** How long the rows behind the figures are kept, in days; the figures stay. */
  keptDays: { sessions: number; logs: number; metrics: number };
  /** When old rows were last looked for, ISO 8601; null when that never happened. */
  prunedAt: string | null;
}

/** The longest range that is answered, in days. */
export const ARCHIVE_DAYS_MAX = 366;

/** The names of all figures, each a column of archive_days in snake case. */
export const ARCHIVE_FIGURES = [
  'sessionsCompleted',
  'sessionsFailed',
  'sessionsCancelled',
  'attempts',
  'attemptsFailed',
  'leadsFound',
  'leadsNew',
  'requestsMade',
  'requestsFailed',
  'bytesReceived',
  'durationMs',
] as const satisfies (keyof ArchiveFigures)[];

export function sumFigures(rows: readonly ArchiveFigures[]): ArchiveFigures {
  const sums = Object.fromEntries(
    ARCHIVE_FIGURES.map((figure) => [figure, rows.reduce((sum, row) => sum + row[figure], 0)]),
  );
  return sums as Record<keyof ArchiveFigures, number>;
}

export const DAY_MS = 86_400_000;

/** The day so many days after another, both as YYYY-MM-DD; such days sort like text. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
