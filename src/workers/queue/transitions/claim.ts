import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { ClaimPosition } from '../claim-cursor.ts';

/** Proves ownership: every write of the claimant matches both, and nothing else. */
export interface Claim {
  id: number;
  claimNumber: number;
}

export interface ClaimedSession extends Claim {
  batchId: string;
  source: string;
  location: string;
  params: Record<string, unknown>;
  /** What the last checkpoint of an earlier attempt saved; null on a first attempt. */
  cursor: unknown;
  retryCount: number;
  maxRetries: number;
  /** Deaths of its process that it was charged with, since its last checkpoint. */
  crashCount: number;
  leadsFound: number;
  leadsNew: number;
  priority: number;
  createdAt: Date;
  startedAt: Date;
  timeoutAt: Date;
}

/** One source to claim from. */
export interface ClaimSource extends ClaimPosition {
  source: string;
  jobTimeoutMs: number;
}

const CLAIMED_COLUMNS = `s.id, s.claim_number as "claimNumber", s.batch_id as "batchId", s.source, s.location, s.params, s.cursor,
  s.retry_count as "retryCount", s.max_retries as "maxRetries", s.crash_count as "crashCount",
  s.leads_found as "leadsFound", s.leads_new as "leadsNew", s.priority, date_part('epoch', s.created_at) * 1000 as "createdAt",
  date_part('epoch', s.started_at) * 1000 as "startedAt", date_part('epoch', s.timeout_at) * 1000 as "timeoutAt"`;

/**
 * Hands each ready session to exactly one of any number of claimants, best priority first, then oldest, and raises its
 * claim number. One range scan of the ready index per source, from the caller's cursor on; rows that another claimant has
 * locked are passed over, not waited for. A worker without a living lease gets nothing: rescue would take it away at once.
 *
 * With several sources each scan may lock up to `limit` rows of which some are not taken; another claimant passes over
 * those for the millisecond that this statement lasts and finds them at its next rewind.
 *
 * A session whose host may not be asked any more is passed over; promotion, which lets only a few of each host become ready,
 * puts it back in line.
 *
 * The CTE is materialized, else the planner may run it again and lock more than the limit; the update names no status,
 * since its rows are already locked and a second usable index would only be a trap.
 */
const CLAIM = `
with picked as materialized (
  select ready.id, src.timeout_ms
  from unnest($1::text[], $2::int[], $3::bigint[], $4::int[]) as src(source, after_rank, after_id, timeout_ms)
  cross join lateral (
    select s.id, -s.priority as rank
    from scraping_sessions s
    where s.source = src.source and s.status = 'pending' and s.wake_at is null
      and ((-s.priority), s.id) > (src.after_rank, src.after_id)
      and (s.host_key is null or not exists (
        select from host_pacing h where h.host_key = s.host_key and host_capacity(h) = 0))
    order by (-s.priority), s.id
    limit $5::int
    for no key update skip locked
  ) ready
  where exists (select from worker_instances w where w.worker_id = $6::text and w.lease_until > clock_timestamp())
  order by ready.rank, ready.id
  limit $5::int)
update scraping_sessions s set
  status = 'running',
  claim_number = s.claim_number + 1,
  worker_id = $6::text,
  started_at = clock_timestamp(),
  timeout_at = clock_timestamp() + make_interval(secs => picked.timeout_ms / 1000.0),
  status_reason = null
from picked where s.id = picked.id
returning ${CLAIMED_COLUMNS}`;

/**
 * The sessions that a worker holds without knowing it: they were claimed for it, and the answer was lost. The look is repeated while such a
 * claim may still be under way, since the server carries it out even when nobody waits for it any more.
 */
const FIND_UNKNOWN = `
select ${CLAIMED_COLUMNS}
from scraping_sessions s
where s.worker_id = $1::text and s.status = 'running'
  and not exists (select from unnest($2::bigint[], $3::int[]) as known(id, claim_number)
    where known.id = s.id and known.claim_number = s.claim_number)`;

/** A row as it comes: times as ms since 1970, which are read several times faster than their text. */
type ClaimedRow = Omit<ClaimedSession, 'createdAt' | 'startedAt' | 'timeoutAt'> &
  Record<'createdAt' | 'startedAt' | 'timeoutAt', number>;

export async function claimSessions(
  db: Executor,
  workerId: string,
  sources: readonly ClaimSource[],
  limit: number,
): Promise<ClaimedSession[]> {
  const rows = await db.query<ClaimedRow & QueryRow>(CLAIM, [
    sources.map((source) => source.source),
    sources.map((source) => source.rank),
    sources.map((source) => source.id),
    sources.map((source) => source.jobTimeoutMs),
    limit,
    workerId,
  ]);
  return asClaimed(rows);
}

export async function findUnknownClaims(
  db: Executor,
  workerId: string,
  known: readonly Claim[],
): Promise<ClaimedSession[]> {
  const rows = await db.query<ClaimedRow & QueryRow>(FIND_UNKNOWN, [
    workerId,
    known.map(({ id }) => id),
    known.map(({ claimNumber }) => claimNumber),
  ]);
  return asClaimed(rows);
}

function asClaimed(rows: readonly ClaimedRow[]): ClaimedSession[] {
  const claimed = rows.map((row) => ({
    ...row,
    createdAt: new Date(row.createdAt),
    startedAt: new Date(row.startedAt),
    timeoutAt: new Date(row.timeoutAt),
  }));
  // An update promises no order.
  return claimed.sort((a, b) => b.priority - a.priority || a.id - b.id);
}
