import type { QueryRow } from '#lib/db/create-db.ts';
import { ApiError } from '../api-error.ts';
import { isOwn } from '../bots/find-bot.ts';
import type { CallContext } from './call-context.ts';

const FIND_OWNERS = `
select worker_id as "workerId", token_id as "tokenId", kind, lease_until > clock_timestamp() as "isLiving"
from worker_instances where worker_id = any($1::text[])`;

interface Owned {
  workerId: string;
  tokenId: number | null;
  kind: string;
  isLiving: boolean;
}

/** @throws ApiError 403 when one of these workers was registered with another token, or not over HTTP. Unknown ones pass. */
export async function requireOwnWorkers({ db, account }: CallContext, workerIds: readonly string[]): Promise<void> {
  const rows = await db.query<Owned & QueryRow>(FIND_OWNERS, [workerIds]);
  const foreign = rows.find(({ tokenId, kind }) => kind !== 'process' || !isOwn(account, tokenId));
  if (foreign) throw notYours(`The worker "${foreign.workerId}" was not registered with this token.`);
}

/**
 * A worker whose lease is over gives its name free: a machine keeps the names of its workers when its token changes.
 * @throws ApiError 403 when a living worker, or a bot, of another token has this name.
 */
export async function requireFreeName({ db, account }: CallContext, workerId: string): Promise<void> {
  const [row] = await db.query<Owned & QueryRow>(FIND_OWNERS, [[workerId]]);
  if (!row || (row.kind === 'process' && (isOwn(account, row.tokenId) || !row.isLiving))) return;
  throw notYours(`The name "${workerId}" belongs to a worker that was not registered with this token.`);
}

const FIND_HOLDERS = `
select s.id, w.token_id as "tokenId", w.kind
from unnest($1::bigint[], $2::int[]) as given(id, claim_number)
join scraping_sessions s on s.id = given.id and s.claim_number = given.claim_number and s.status = 'running'
join worker_instances w on w.worker_id = s.worker_id`;

/**
 * Claims that are no longer good pass: whoever does something under them is told so, and changes nothing.
 * @throws ApiError 403 when one of these claims is held by a worker of another token.
 */
export async function requireOwnClaims(
  { db, account }: CallContext,
  claims: readonly { id: number; claimNumber: number }[],
): Promise<void> {
  const rows = await db.query<{ id: number; tokenId: number | null; kind: string }>(FIND_HOLDERS, [
    claims.map(({ id }) => id),
    claims.map(({ claimNumber }) => claimNumber),
  ]);
  const foreign = rows.find(({ tokenId, kind }) => kind !== 'process' || !isOwn(account, tokenId));
  if (foreign) throw notYours(`Session ${foreign.id} is held by a worker that was not registered with this token.`);
}

function notYours(message: string): ApiError {
  return new ApiError('forbidden', message);
}
