import type { ApiLead } from '#lib/api/lead.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { getSuppressionKey, suppressionEntriesOf } from '#lib/leads/suppression.ts';

/**
 * Leaves out people who asked not to be contacted. They are refused when leads are saved; this catches those who asked
 * later. The list holds keyed hashes, so they are computed here and looked up together.
 */
export async function hideSuppressed(db: Executor, leads: ApiLead[]): Promise<ApiLead[]> {
  if (leads.length === 0) return leads;
  const [any] = await db.query<{ exists: boolean }>('select exists (select from suppressions)');
  if (!any?.exists) return leads;
  const key = await getSuppressionKey(db);
  const entries = leads.flatMap((lead) =>
    suppressionEntriesOf(lead, key).map((entry) => ({ ...entry, leadId: lead.id })),
  );
  const rows = await db.query<{ leadId: number }>(
    `select distinct given.lead_id as "leadId"
     from unnest($1::bigint[], $2::text[], $3::bytea[]) as given (lead_id, kind, value_hash)
     join suppressions using (kind, value_hash)`,
    [entries.map((entry) => entry.leadId), entries.map((entry) => entry.kind), entries.map((entry) => entry.hash)],
  );
  const hidden = new Set(rows.map((row) => row.leadId));
  return leads.filter((lead) => !hidden.has(lead.id));
}
