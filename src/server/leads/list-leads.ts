import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiLead } from '#lib/api/lead.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { formatCursor, type PageRequest } from '../parse-page.ts';
import { scanNewest } from '../scan-newest.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { hideSuppressed } from './hide-suppressed.ts';
import { LEAD_COLUMNS } from './lead-columns.ts';
import { type LeadFilter, leadConditions } from './lead-filter.ts';

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
  const readOn = filter.sessionId === undefined ? readNewest : readSightings;
  const rows = await readOn(db, filter, { after, limit: limit + 1 });
  const found = rows.slice(0, limit).map((row) => withIsoTimes<ApiLead>(row));
  return {
    leads: await hideSuppressed(db, found),
    last: rows.length > limit ? (found.at(-1)?.id ?? null) : null,
  };
}

async function readNewest(db: Executor, filter: LeadFilter, page: PageRequest): Promise<QueryRow[]> {
  const conditions = () => leadConditions(filter);
  const isIndexed = filter.text !== undefined;
  return await scanNewest(db, { table: 'leads', alias: 'l', columns: LEAD_COLUMNS, conditions, isIndexed }, page);
}

/** The leads that a session saw come in the order of the list already. */
async function readSightings(db: Executor, filter: LeadFilter, { after, limit }: PageRequest): Promise<QueryRow[]> {
  const where = leadConditions(filter).add('seen.session_id = ?', filter.sessionId).add('seen.lead_id < ?', after);
  return await db.query(
    `select ${LEAD_COLUMNS} from lead_sightings seen join leads l on l.id = seen.lead_id where ${where}
     order by seen.lead_id desc limit ${where.bind(limit)}`,
    where.values,
  );
}
