import { z } from 'zod';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiSession } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { SESSION_STATUSES } from '#lib/db/schema/vocabulary.ts';
import { type PageRequest, toPage } from '../parse-page.ts';
import { queryText, queryWords } from '../parse-query.ts';
import { scanNewest } from '../scan-newest.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { LIST_COLUMNS } from './session-columns.ts';
import { type StatusScan, scansOf } from './status-scans.ts';

export const sessionFilterSchema = z.strictObject({
  status: queryWords(SESSION_STATUSES).optional(),
  source: queryText().optional(),
  /** Any part of the location, in any case. */
  location: queryText().optional(),
  batchId: z.uuid('must be a UUID').optional(),
});

export type SessionFilter = z.output<typeof sessionFilterSchema>;

/** Sessions, newest first. */
export async function listSessions(
  db: Executor,
  filter: SessionFilter,
  page: PageRequest,
): Promise<ApiPage<ApiSession>> {
  const read = {
    table: 'scraping_sessions',
    alias: 's',
    columns: LIST_COLUMNS,
    conditions: () => sessionConditions(filter),
    isIndexed: filter.batchId !== undefined || isPending(filter),
  } as const;
  const rows = await scanNewest(db, read, { ...page, limit: page.limit + 1 });
  return toPage(
    rows.map((row) => withIsoTimes<ApiSession>(row)),
    page.limit,
  );
}

/** What waits has indexes, though none by id as what ended badly has. Completed sessions have none and are frequent. */
function isPending({ status = [] }: SessionFilter): boolean {
  return status.includes('pending') && !status.includes('completed');
}

export function sessionConditions(filter: SessionFilter): SqlConditions {
  return new SqlConditions()
    .addIf(filter.status !== undefined, anyOf(scansOf(filter.status)))
    .add('s.source = ?', filter.source)
    .add('strpos(lower(s.location), lower(?)) > 0', filter.location)
    .add('s.batch_id = ?', filter.batchId);
}

/** Spelt out, so that what is pending is found by its indexes where it is rare. */
function anyOf(scans: readonly StatusScan[]): string {
  return scans.map(({ where }) => `(${where})`).join(' or ');
}
