import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiLead } from '#lib/api/lead.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { formatCursor, type PageRequest } from '../parse-page.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { hideSuppressed } from './hide-suppressed.ts';
import { LEAD_COLUMNS } from './lead-columns.ts';
import { type LeadFilter, leadConditions, leadTables } from './lead-filter.ts';

/**
 * Leads, newest first. People on the suppression list are left out, so a page may be shorter than asked for and still
 * have a next one.
 */
export async function listLeads(db: Executor, filter: LeadFilter, page: PageRequest): Promise<ApiPage<ApiLead>> {
  const { leads, last } = await readLeads(db, filter, page);
  return { items: leads, nextCursor: last === null ? null : formatCursor(last) };
}

/** One page; `last` is where the next one goes on, null when there is none. */
export async function readLeads(
  db: Executor,
  filter: LeadFilter,
  { limit, after }: PageRequest,
): Promise<{ leads: ApiLead[]; last: number | null }> {
  const idColumn = filter.sessionId === undefined ? 'l.id' : 'seen.lead_id';
  const where = leadConditions(filter).add(`${idColumn} < ?`, after);
  const rows = await db.query(
    `select ${LEAD_COLUMNS} from ${leadTables(filter)} where ${where}
     order by ${idColumn} desc limit ${where.bind(limit + 1)}`,
    where.values,
  );
  const found = rows.slice(0, limit).map((row) => withIsoTimes<ApiLead>(row));
  return {
    leads: await hideSuppressed(db, found),
    last: rows.length > limit ? (found.at(-1)?.id ?? null) : null,
  };
}
