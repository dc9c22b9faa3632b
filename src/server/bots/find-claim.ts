import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { AttemptOutcome, SessionStatus, WorkerKind } from '#lib/db/schema/vocabulary.ts';
import { ApiError } from '../api-error.ts';
import type { Account } from '../auth/authenticate.ts';
import { sessionNotFound } from '../sessions/get-session.ts';
import { isOwn } from './find-bot.ts';

/** One claim of a session, by the caller's bot: held, or ended as its attempt's row says. */
export interface OwnClaim {
  id: number;
  claimNumber: number;
  botId: string;
  batchId: string;
  source: string;
  location: string;
  /** Null while it is held. */
  ended: { outcome: AttemptOutcome; leadsFound: number; leadsNew: number } | null;
}

interface ClaimRow extends QueryRow {
  batchId: string;
  source: string;
  location: string;
  status: SessionStatus;
  claimNumber: number;
  holder: string | null;
  kind: WorkerKind | null;
  tokenId: number | null;
  outcome: AttemptOutcome | null;
  leadsFound: number | null;
  leadsNew: number | null;
}

/** A claim belongs to one worker for ever, so what is found here stays true; whether it is still held, each write asks again. */
const FIND_CLAIM = `
select s.batch_id as "batchId", s.source, s.location, s.status, s.claim_number as "claimNumber",
  c.holder, w.kind, w.token_id as "tokenId", m.outcome, m.leads_found as "leadsFound", m.leads_new as "leadsNew"
from scraping_sessions s
left join scraper_metrics m on m.session_id = s.id and m.claim_number = $2::int
cross join lateral (
  select coalesce(m.worker_id, case when s.claim_number = $2::int and s.status = 'running' then s.worker_id end) as holder) c
left join worker_instances w on w.worker_id = c.holder
where s.id = $1::bigint`;

/**
 * The caller's claim, held or ended.
 * @throws ApiError 404 for an unknown session, 403 for the claim of somebody else, 409 for one that there never was.
 */
export async function findOwnClaim(
  db: Executor,
  account: Account,
  claim: { id: number; claimNumber: number; botId?: string | undefined },
): Promise<OwnClaim> {
  const { id, claimNumber, botId } = claim;
  const [row] = await db.query<ClaimRow>(FIND_CLAIM, [id, claimNumber]);
  if (!row) throw sessionNotFound(id);
  const { holder } = row;
  if (holder === null) throw staleClaim(claim, `its claim number is ${row.claimNumber} now`);
  if (row.kind !== 'bot' || !isOwn(account, row.tokenId) || (botId !== undefined && botId !== holder)) {
    throw new ApiError('forbidden', `Claim ${claimNumber} of session ${id} belongs to another worker.`);
  }
  const { batchId, source, location, outcome } = row;
  const ended = outcome === null ? null : { outcome, leadsFound: row.leadsFound ?? 0, leadsNew: row.leadsNew ?? 0 };
  return { id, claimNumber, botId: holder, batchId, source, location, ended };
}

/** Nothing was written: stop working on it. */
export function staleClaim({ id, claimNumber }: { id: number; claimNumber: number }, why: string): ApiError {
  return new ApiError(
    'stale_claim',
    `Claim ${claimNumber} of session ${id} is no longer good: ${why}. Nothing was saved; drop the session.`,
    { details: [{ field: 'claimNumber', message: 'is no longer good' }] },
  );
}
