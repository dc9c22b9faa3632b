import type { Executor } from '#lib/db/create-db.ts';
import { SESSION_STATUSES, type SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { type SessionFilter, sessionConditions } from './list-sessions.ts';

/** Counting stops here, so that a count costs the same at ten thousand rows and at ten million. */
const COUNT_MAX = 10_000;

export interface CappedCount {
  count: number;
  /** True where there are more than COUNT_MAX; then `count` is COUNT_MAX. */
  capped: boolean;
}

/** How many sessions match, up to COUNT_MAX. */
export async function countSessions(db: Executor, filter: SessionFilter): Promise<CappedCount> {
  const where = sessionConditions(filter);
  const [row] = await db.query<{ count: number }>(
    `select count(*) from (select from scraping_sessions s where ${where} limit ${COUNT_MAX + 1}) as counted`,
    where.values,
  );
  return toCapped(row?.count ?? 0);
}

/** The counts of all states, each up to COUNT_MAX. */
export async function countSessionsByStatus(db: Executor): Promise<Record<SessionStatus, CappedCount>> {
  const rows = await db.query<{ status: SessionStatus; count: number }>(
    `select w.status, (select count(*) from
       (select from scraping_sessions s where s.status = w.status limit ${COUNT_MAX + 1}) as counted) as count
     from unnest($1::text[]) as w(status)`,
    [SESSION_STATUSES],
  );
  const counts = new Map(rows.map((row) => [row.status, row.count]));
  const countOf = (status: SessionStatus) => toCapped(counts.get(status) ?? 0);
  return {
    pending: countOf('pending'),
    running: countOf('running'),
    completed: countOf('completed'),
    failed: countOf('failed'),
    cancelled: countOf('cancelled'),
  };
}

function toCapped(count: number): CappedCount {
  return { count: Math.min(count, COUNT_MAX), capped: count > COUNT_MAX };
}
