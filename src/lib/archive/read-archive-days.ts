import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { type ArchiveDay, type ArchiveRange, addDays } from './archive-stats.ts';

/** SQL over a moment: its day lies in the range of $1 and $2. */
function inRange(moment: string, slack = '0'): string {
  return `${moment} >= ($1::date::timestamp at time zone 'UTC') - interval '${slack}'
    and ${moment} < (($2::date + 1)::timestamp at time zone 'UTC') + interval '${slack}'`;
}

const dayOf = (moment: string) => `(${moment} at time zone 'UTC')::date`;

/**
 * The figures of a range of days, from the archive and from the rows that are still there. A row and its figures in the archive
 * change places in one transaction, so nothing is missing or there twice whenever this looks.
 *
 * There is no index by the time of an end. A completed session is found by its last attempt, which was written by the same
 * statement, give or take a moment around midnight; the others are in the small index of what ended badly.
 */
const READ_DAYS = `
with session_ends as (
  select ${dayOf('s.completed_at')} as day, s.source, s.status
  from scraper_metrics m
  join scraping_sessions s on s.id = m.session_id and s.claim_number = m.claim_number + 1 and s.status = 'completed'
  where m.outcome = 'completed' and ${inRange('m.timestamp', '1 minute')} and ${inRange('s.completed_at')}
  union all
  select ${dayOf('s.completed_at')}, s.source, s.status
  from scraping_sessions s where s.status in ('failed', 'cancelled') and ${inRange('s.completed_at')}),
figures as (
  select day, source, sessions_completed, sessions_failed, sessions_cancelled, attempts, attempts_failed, leads_found,
    leads_new, requests_made, requests_failed, bytes_received, duration_ms
  from archive_days where day between $1::date and $2::date
  union all
  select day, source, count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'),
    count(*) filter (where status = 'cancelled'), 0, 0, 0, 0, 0, 0, 0, 0
  from session_ends group by 1, 2
  union all
  select ${dayOf('timestamp')}, source, 0, 0, 0, count(*),
    count(*) filter (where outcome in ('retry', 'failed', 'timed_out', 'crashed')), sum(leads_found), sum(leads_new),
    sum(requests_made), sum(requests_failed), sum(bytes_received), sum(duration_ms)
  from scraper_metrics where ${inRange('timestamp')} group by 1, 2)
select day::text as day, source, sum(sessions_completed)::float8 as "sessionsCompleted",
  sum(sessions_failed)::float8 as "sessionsFailed", sum(sessions_cancelled)::float8 as "sessionsCancelled",
  sum(attempts)::float8 as attempts, sum(attempts_failed)::float8 as "attemptsFailed",
  sum(leads_found)::float8 as "leadsFound", sum(leads_new)::float8 as "leadsNew", sum(requests_made)::float8 as "requestsMade",
  sum(requests_failed)::float8 as "requestsFailed", sum(bytes_received)::float8 as "bytesReceived",
  sum(duration_ms)::float8 as "durationMs"
from figures group by day, source order by day desc, source`;

/** One statement reads no more days than this: a year of a busy installation in one would come near the statement limit. */
const STATEMENT_DAYS_MAX = 31;

/** What was done per day and source, newest first. The longer the range, the longer it takes: bound it by ARCHIVE_DAYS_MAX. */
export async function readArchiveDays(db: Executor, { from, to }: ArchiveRange): Promise<ArchiveDay[]> {
  const days: ArchiveDay[] = [];
  for (let last = to; last >= from; last = addDays(last, -STATEMENT_DAYS_MAX)) {
    const first = addDays(last, 1 - STATEMENT_DAYS_MAX);
    days.push(...(await db.query<ArchiveDay & QueryRow>(READ_DAYS, [first < from ? from : first, last])));
  }
  return days;
}
