import type { Executor } from '../db/create-db.ts';

/** A person is one person in every source: found by the same phone or e-mail, and shown side by side, never merged away. */
const FIND_LINKED = `
  select other.id from leads lead
  join leads other on other.id <> lead.id and (other.phone = lead.phone or other.email = lead.email)
  where lead.id = $1
  order by other.last_seen_at desc, other.id desc
  limit $2`;

/** Ids of leads with the same phone or e-mail, newest first, at most `limit`. */
export async function findLinkedLeadIds(executor: Executor, leadId: number, limit = 20): Promise<number[]> {
  return (await executor.query<{ id: number }>(FIND_LINKED, [leadId, limit])).map((row) => row.id);
}
