import { z } from 'zod';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiSessionRequest } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { SMOOTH_VERDICTS } from '#lib/sessions/smooth-verdicts.ts';
import { type PageRequest, toPage } from '../parse-page.ts';
import { queryFlag } from '../parse-query.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { requireSession } from './list-session-logs.ts';

export const requestFilterSchema = z.strictObject({
  /** Only those that did not go as they should. */
  problems: queryFlag.optional(),
});

export type RequestFilter = z.output<typeof requestFilterSchema>;

/** The requests of a session, newest first. @throws ApiError 404 when there is no such session. */
export async function listSessionRequests(
  db: Executor,
  sessionId: number,
  filter: RequestFilter,
  page: PageRequest,
): Promise<ApiPage<ApiSessionRequest>> {
  const where = new SqlConditions()
    .add('r.session_id = ?', sessionId)
    .add('r.id < ?', page.after)
    .add('r.verdict <> all(?::text[])', filter.problems ? SMOOTH_VERDICTS : null);
  const rows = await db.query(
    `select r.id, r.at, r.method, r.url, r.status, r.duration_ms as "durationMs", r.wire_bytes as "wireBytes", r.proxy,
       r.verdict, r.reason, r.snapshot_signature as "snapshotSignature"
     from session_requests r where ${where} order by r.id desc limit ${where.bind(page.limit + 1)}`,
    where.values,
  );
  if (rows.length === 0) await requireSession(db, sessionId);
  return toPage(
    rows.map((row) => withIsoTimes<ApiSessionRequest>(row)),
    page.limit,
  );
}
