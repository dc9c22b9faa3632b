import type { QueryRow } from '#lib/db/create-db.ts';
import type { WorkerKind } from '#lib/db/schema/vocabulary.ts';
import { ApiError } from '../api-error.ts';
import { isOwn } from '../bots/find-bot.ts';
import type { CallContext } from './call-context.ts';

const FIND_OWNERS = `
select worker_id as "workerId", token_id as "tokenId", kind, lease_until > clock_timestamp() as "isLiving"
from worker_instances where worker_id = any($1::text[])`;

interface Owner {
  tokenId: number | null;
  kind: WorkerKind;
}

interface Owned extends Owner {
  workerId: string;
  isLiving: boolean;
}

/** Those of the workers that were registered with another token, or not over HTTP. */
export async function findForeignWorkers(context: CallContext, workerIds: readonly string[]): Promise<Set<string>> {
  const rows = await context.db.query<Owned & QueryRow>(FIND_OWNERS, [workerIds]);
  return new Set(rows.filter((row) => !isOwnProcess(context, row)).map(({ workerId }) => workerId));
}

/** @throws ApiError 403 when there is no such worker, or it is somebody else's. */
export async function requireKnownWorker(context: CallContext, workerId: string): Promise<void> {
  const [row] = await context.db.query<Owned & QueryRow>(FIND_OWNERS, [[workerId]]);
  if (!row || !isOwnProcess(context, row)) {
    throw notYours(`No worker "${workerId}" was registered with this token.`);
  }
}

/**
 * A worker whose lease is over gives its name free: a machine keeps the names of its workers when its token changes.
 * @throws ApiError 403 when a living worker, or a bot, of another token has this name.
 */
export async function requireFreeName(context: CallContext, workerId: string): Promise<void> {
  const [row] = await context.db.query<Owned & QueryRow>(FIND_OWNERS, [[workerId]]);
  if (!row || isOwnProcess(context, row) || (row.kind === 'process' && !row.isLiving)) return;
  throw notYours(`The name "${workerId}" belongs to a worker that was not registered with this token.`);
}

/** A claim of the caller's own, with what its session says of it. */
export interface OwnClaim {
  id: number;
  claimNumber: number;
  batchId: string;
  source: string;
  location: string;
}

/** A claim belongs to one worker for ever: what is found here stays true, and whether it is still held each write asks again. */
const FIND_CLAIMS = `
select s.id, given.claim_number as "claimNumber", s.batch_id as "batchId", s.source, s.location, w.token_id as "tokenId", w.kind,
  m.session_id is null as "isHeld"
from unnest($1::bigint[], $2::int[]) as given(id, claim_number)
join scraping_sessions s on s.id = given.id
left join scraper_metrics m on m.session_id = given.id and m.claim_number = given.claim_number
join worker_instances w on w.worker_id = coalesce(m.worker_id,
  case when s.claim_number = given.claim_number and s.status = 'running' then s.worker_id end)`;

/**
 * Those of the claims that the caller's workers hold or have held. Nothing may be done under the others: one that is not given out
 * yet may be somebody else's a moment later.
 * @throws ApiError 403 when one of them is held by a worker of another token.
 */
export async function findOwnClaims(
  context: CallContext,
  claims: readonly { id: number; claimNumber: number }[],
): Promise<OwnClaim[]> {
  const rows = await context.db.query<OwnClaim & Owner & { isHeld: boolean } & QueryRow>(FIND_CLAIMS, [
    claims.map(({ id }) => id),
    claims.map(({ claimNumber }) => claimNumber),
  ]);
  const foreign = rows.find((row) => row.isHeld && !isOwnProcess(context, row));
  if (foreign) throw notYours(`Session ${foreign.id} is held by a worker that was not registered with this token.`);
  return rows.filter((row) => isOwnProcess(context, row));
}

const FIND_HOLDER = `
select w.token_id as "tokenId", w.kind from scraping_sessions s join worker_instances w using (worker_id)
where s.id = $1::bigint and s.status = 'running'`;

/** Whether a worker of the caller runs the session. */
export async function holdsSession(context: CallContext, sessionId: number): Promise<boolean> {
  const [row] = await context.db.query<Owner & QueryRow>(FIND_HOLDER, [sessionId]);
  return row !== undefined && isOwnProcess(context, row);
}

/** The token of the caller as rows name their owner by. */
export function tokenOf({ account }: CallContext): number | null {
  return account.token?.tokenId ?? null;
}

function isOwnProcess({ account }: CallContext, { kind, tokenId }: Owner): boolean {
  return kind === 'process' && isOwn(account, tokenId);
}

export function notYours(message: string): ApiError {
  return new ApiError('forbidden', message);
}
