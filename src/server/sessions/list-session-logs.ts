import { z } from 'zod';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiLogLine } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { LOG_LEVELS } from '#lib/db/schema/vocabulary.ts';
import { type PageRequest, toPage } from '../parse-page.ts';
import { queryFlag, queryId } from '../parse-query.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { sessionNotFound } from './get-session.ts';

export const logFilterSchema = z.strictObject({
  /** This level and what is worse. */
  level: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).optional(),
  /** Only lines after this one: how a reader follows a log. */
  after: queryId.optional(),
  /** Only lines before this one: with `tail`, how a reader goes back. */
  before: queryId.optional(),
  /** The last lines instead of the first. */
  tail: queryFlag.optional(),
});

export type LogFilter = z.output<typeof logFilterSchema>;

/** Lines of a session's log, oldest first. @throws ApiError 404 when there is no such session. */
export async function listSessionLogs(
  db: Executor,
  sessionId: number,
  filter: LogFilter,
  page: PageRequest,
): Promise<ApiPage<ApiLogLine>> {
  const levels = filter.level && LOG_LEVELS.slice(LOG_LEVELS.indexOf(filter.level));
  const where = new SqlConditions()
    .add('l.session_id = ?', sessionId)
    .add('l.level = any(?)', levels)
    .add('l.id > ?', filter.after)
    .add('l.id < ?', filter.before)
    .add('l.id > ?', page.after);
  const rows = await db.query(
    `select l.id, l.at, l.level, l.claim_number as "claimNumber", l.worker_id as "workerId", l.message, l.context
     from session_logs l where ${where} order by l.id ${filter.tail ? 'desc' : 'asc'} limit ${where.bind(page.limit + 1)}`,
    where.values,
  );
  if (rows.length === 0) await requireSession(db, sessionId);
  const lines = rows.map((row) => withIsoTimes<ApiLogLine>(row));
  if (filter.tail) return { items: lines.slice(0, page.limit).reverse(), nextCursor: null };
  return toPage(lines, page.limit);
}

export async function requireSession(db: Executor, id: number): Promise<void> {
  const found = await db.query('select 1 as one from scraping_sessions where id = $1', [id]);
  if (found.length === 0) throw sessionNotFound(id);
}
