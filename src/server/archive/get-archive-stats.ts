import { z } from 'zod';
import {
  ARCHIVE_DAYS_MAX,
  type ArchiveRange,
  type ArchiveStats,
  addDays,
  DAY_MS,
  sumFigures,
} from '#lib/archive/archive-stats.ts';
import { readKeptDays } from '#lib/archive/kept-days.ts';
import { readArchiveDays } from '#lib/archive/read-archive-days.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { fieldError } from '../api-error.ts';

/** Days that are shown when nobody asks for others. */
const DEFAULT_DAYS = 30;

const day = z.iso.date({ error: 'must be a day, such as 2026-01-31' });

export const archiveFilterSchema = z.strictObject({ from: day.optional(), to: day.optional() });

type ArchiveFilter = z.output<typeof archiveFilterSchema>;

/**
 * What was done from one day to another, in all and per day and source; the last 30 days unless asked for others.
 * @throws ApiError 400 for a range that ends before it begins or is longer than a year.
 */
export async function getArchiveStats(db: Executor, filter: ArchiveFilter): Promise<ArchiveStats> {
  const [now] = await db.query<{ today: string; prunedAt: Date | null } & QueryRow>(READ_NOW);
  if (!now) throw new Error('A statement without a table gave no row.');
  const range = rangeOf(filter, now.today);
  const days = await readArchiveDays(db, range);
  const kept = await readKeptDays(db);
  return {
    ...range,
    totals: sumFigures(days),
    days,
    keptDays: {
      sessions: kept.EKO_KEEP_SESSIONS_DAYS,
      logs: kept.EKO_KEEP_LOGS_DAYS,
      metrics: kept.EKO_KEEP_METRICS_DAYS,
    },
    prunedAt: now.prunedAt?.toISOString() ?? null,
  };
}

const READ_NOW = `
select (clock_timestamp() at time zone 'UTC')::date::text as today,
  (select updated_at from app_settings where key = 'prune_turn') as "prunedAt"`;

function rangeOf({ from, to }: ArchiveFilter, today: string): ArchiveRange {
  const last = to ?? (from === undefined ? today : earlier(addDays(from, ARCHIVE_DAYS_MAX - 1), later(today, from)));
  const first = from ?? addDays(last, 1 - DEFAULT_DAYS);
  const length = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (length < 1) throw fieldError('invalid_request', 'to', `"${last}" is before "${first}"`);
  if (length > ARCHIVE_DAYS_MAX) {
    throw fieldError(
      'invalid_request',
      'from',
      `the range has ${length} days and may have ${ARCHIVE_DAYS_MAX}; ask for a part`,
    );
  }
  return { from: first, to: last };
}

/** Days as YYYY-MM-DD sort like text. */
const earlier = (a: string, b: string) => (a < b ? a : b);
const later = (a: string, b: string) => (a > b ? a : b);
