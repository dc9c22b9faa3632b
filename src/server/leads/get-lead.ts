import type { ApiLead, ApiLeadDetail } from '#lib/api/lead.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { findLinkedLeadIds } from '#lib/leads/linked-leads.ts';
import { ApiError } from '../api-error.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { hideSuppressed } from './hide-suppressed.ts';
import { LEAD_COLUMNS } from './lead-columns.ts';

const LINKED_MAX = 50;

/** One lead with where each of its fields came from, and the same person elsewhere. @throws ApiError 404, also when suppressed. */
export async function getLead(db: Executor, id: number): Promise<ApiLeadDetail> {
  const rows = await db.query(`select ${LEAD_COLUMNS} from leads l where l.id = $1`, [id]);
  const [lead] = await hideSuppressed(
    db,
    rows.map((row) => withIsoTimes<ApiLead>(row)),
  );
  if (!lead)
    throw new ApiError('not_found', `There is no lead ${id}.`, { details: [{ field: 'id', message: 'is not known' }] });
  return { ...lead, linked: await listLinkedLeads(db, lead) };
}

/** The same person in other rows and sources, newest first. */
async function listLinkedLeads(db: Executor, lead: ApiLead): Promise<ApiLead[]> {
  const ids = await findLinkedLeadIds(db, lead.id, LINKED_MAX);
  if (ids.length === 0) return [];
  const rows = await db.query(
    `select ${LEAD_COLUMNS} from leads l where l.id = any($1::bigint[]) order by array_position($1::bigint[], l.id)`,
    [ids],
  );
  return hideSuppressed(
    db,
    rows.map((row) => withIsoTimes<ApiLead>(row)),
  );
}
