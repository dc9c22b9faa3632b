import type { Executor } from '#lib/db/create-db.ts';
import { SESSION_STATUSES, type SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { type SessionFilter, sessionConditions } from './list-sessions.ts';
import { type StatusScan, scansOf } from './status-scans.ts';

/** Counting stops here, so that a count costs the same at ten thousand rows and at ten million. */
const COUNT_MAX = 10_000;

export interface CappedCount {
  count: number;
  /** True where there are more than it says: of those that are there, only COUNT_MAX were counted. */
  capped: boolean;
}

/** How many sessions match, up to COUNT_MAX. */
export async function countSessions(db: Executor, { status, ...filter }: SessionFilter): Promise<CappedCount> {
  const where = sessionConditions(filter);
  const [row] = await db.query<{ count: number }>(
    `select ${countOf(scansOf(status), `${where}`)} as count`,
    where.values,
  );
  return toCapped(row?.count ?? 0);
}

/** SQL: a number. Each scan stops behind COUNT_MAX, so it is exact up to there and says "more" above. */
function countOf(scans: readonly StatusScan[], condition = 'true'): string {
  const counted = scans.map(({ where, order }) => {
    const ordered = order === undefined ? '' : `order by ${order}`;
    return `(select from scraping_sessions s where ${where} and ${condition} ${ordered} limit ${COUNT_MAX + 1})`;
  });
  return `(select count(*) from (${counted.join(' union all ')}) as counted)`;
}

/** Sessions that are there, each state up to COUNT_MAX, and those that were pruned, from their daily totals. */
const COUNT_BY_STATUS = `
with archived as (
  select coalesce(sum(sessions_completed), 0) as completed, coalesce(sum(sessions_failed), 0) as failed,
    coalesce(sum(sessions_cancelled), 0) as cancelled from archive_days)
select w.status, w.count,
  case w.status when 'completed' then a.completed when 'failed' then a.failed when 'cancelled' then a.cancelled else 0 end::bigint as pruned
from archived a, (values ${SESSION_STATUSES.map((status) => `('${status}', ${countOf(scansOf([status]))})`).join(', ')}) as w(status, count)`;

/** How many sessions there ever were in each state: nothing falls when they are pruned. */
export async function countSessionsByStatus(db: Executor): Promise<Record<SessionStatus, CappedCount>> {
  const rows = await db.query<{ status: SessionStatus; count: number; pruned: number }>(COUNT_BY_STATUS);
  const counts = new Map(rows.map(({ status, count, pruned }) => [status, { ...toCapped(count), pruned }]));
  const countOf = (status: SessionStatus): CappedCount => {
    const { count = 0, capped = false, pruned = 0 } = counts.get(status) ?? {};
    return { count: count + pruned, capped };
  };
  return {
    pending: countOf('pending'),
    running: countOf('running'),
    completed: countOf('completed'),
    failed: countOf('failed'),
    cancelled: countOf('cancelled'),
  };
}

/** The states of which there are more than was counted. */
export function cappedStates(counts: Record<SessionStatus, CappedCount>): SessionStatus[] {
  return SESSION_STATUSES.filter((status) => counts[status].capped);
}

/** @param count may be COUNT_MAX + 1 and stands for that many or more. */
export function toCapped(count: number): CappedCount {
  return { count: Math.min(count, COUNT_MAX), capped: count > COUNT_MAX };
}
