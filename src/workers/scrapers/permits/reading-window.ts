const DAY_MS = 86_400_000;
const FIRST_RUN_DAYS = 90;

/** The first day to read, in UTC: as asked, else where the last run got to, else 90 days back. */
export function windowStart(asked: Date | undefined, watermark: Date | null, now: Date): Date {
  return startOfDay(asked ?? watermark ?? new Date(now.getTime() - FIRST_RUN_DAYS * DAY_MS));
}

/**
 * The watermark after a portal was read to its end; null where it must stay. It moves to the latest date seen, but never
 * past tomorrow (publishers mistype years), never back, and only if the run left no gap behind the old one.
 */
export function nextWatermark(from: Date, latest: Date | null, old: Date | null, now: Date): Date | null {
  if (latest === null) return null;
  const noGap = from.getTime() <= windowStart(undefined, old, now).getTime();
  const readUntil = new Date(Math.min(latest.getTime(), now.getTime() + DAY_MS));
  return noGap && (old === null || readUntil.getTime() > old.getTime()) ? readUntil : null;
}

/** A latest date that is worth keeping: dates beyond tomorrow are typing errors. */
export function laterDate(latest: Date | null, date: Date | null, now: Date): Date | null {
  if (date === null || date.getTime() > now.getTime() + DAY_MS) return latest;
  return latest === null || date.getTime() > latest.getTime() ? date : latest;
}

function startOfDay(at: Date): Date {
  return new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS);
}
