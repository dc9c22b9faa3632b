import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { storableJson } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import { HELD_BY_CLAIM } from './end-attempts.ts';

export interface CheckpointPatch {
  /** Undefined leaves the saved one as it is; null removes it. */
  cursor?: unknown;
  progress?: SessionProgress | undefined;
}

/** Leads that one checkpoint brought. */
export interface FoundLeads {
  /** Not seen before by this session. */
  found: number;
  /** Of these, not seen before by any session. */
  fresh: number;
}

/** The counts of the whole session after a checkpoint, and whether somebody wants it stopped. */
export interface CheckpointAnswer extends FoundLeads {
  cancelRequested: boolean;
}

/**
 * Holds the session for the rest of the transaction: from here to the commit nobody can rescue, cancel or claim it, so
 * what the transaction writes belongs to this claim. False when the claim is no longer good.
 */
export async function holdSession(tx: Executor, claim: Claim): Promise<boolean> {
  const rows = await tx.query(HELD_BY_CLAIM, [claim.id, claim.claimNumber]);
  return rows.length === 1;
}

/**
 * Saves position and counts of a session that this transaction holds. Indexed columns stay as they are, so the row is
 * updated within its page. A new position or leads clear the deaths: only a session that dies again and again at the same place is
 * poison. A mere note of progress does not, since a scraper may send one before it does anything.
 */
const SAVE_CHECKPOINT = `
update scraping_sessions s set
  cursor = case when $2::boolean then $3::jsonb else s.cursor end,
  progress = coalesce($4::jsonb, s.progress),
  leads_found = s.leads_found + $5::int,
  leads_new = s.leads_new + $6::int,
  crash_count = case when $2::boolean or $5::int > 0 then 0 else s.crash_count end
where s.id = $1::bigint
returning s.leads_found as found, s.leads_new as fresh, s.cancel_requested as "cancelRequested"`;

export async function saveCheckpoint(
  tx: Executor,
  id: number,
  patch: CheckpointPatch,
  leads: FoundLeads,
): Promise<CheckpointAnswer | undefined> {
  await faultPoint('mid_checkpoint');
  const [row] = await tx.query<CheckpointAnswer & QueryRow>(SAVE_CHECKPOINT, [
    id,
    patch.cursor !== undefined,
    storableJson(patch.cursor),
    storableJson(patch.progress),
    leads.found,
    leads.fresh,
  ]);
  await faultPoint('before_commit');
  return row;
}
