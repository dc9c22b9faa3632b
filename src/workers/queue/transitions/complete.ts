import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import { storableJson, storableText } from '../storable-json.ts';
import type { Claim } from './claim.ts';
import { RECORD_ATTEMPTS } from './end-attempts.ts';

/** What an attempt cost. */
export interface AttemptStats {
  requestsMade: number;
  requestsFailed: number;
  bytesReceived: number;
  proxyUsed?: string | undefined;
}

export interface Completion extends Claim {
  progress?: SessionProgress | undefined;
  /** One short sentence, such as "12 leads, 3 of them new". */
  statusReason?: string | undefined;
  stats?: AttemptStats | undefined;
}

/**
 * Completes every given session that is still held by its claim, writes their attempts, and returns their ids; the others
 * are left untouched. Sorted by id, so two batches that overlap cannot lock each other out.
 * See HELD_BY_CLAIM for starts_with.
 *
 * The materialized CTE hides the length of the arrays: told of 500 rows, the planner prefers to read a whole table of up to some
 * hundred thousand sessions to 500 look-ups in the primary key (measured: 77 → 28 µs per session).
 */
const COMPLETE = `
with given as materialized (
  select $1::bigint[] as ids, $2::int[] as claim_numbers, $3::jsonb[] as progresses, $4::text[] as reasons,
    $5::int[] as requests_made, $6::int[] as requests_failed, $7::bigint[] as bytes_received, $8::text[] as proxies),
ended as (
  update scraping_sessions s set
    status = 'completed',
    claim_number = s.claim_number + 1,
    completed_at = clock_timestamp(),
    timeout_at = null,
    cancel_requested = false,
    status_reason = g.reason,
    error = null,
    progress = coalesce(g.progress, s.progress),
    proxy_used = coalesce(g.proxy_used, s.proxy_used)
  from given, unnest(given.ids, given.claim_numbers, given.progresses, given.reasons, given.requests_made,
      given.requests_failed, given.bytes_received, given.proxies)
    as g(id, claim_number, progress, reason, requests_made, requests_failed, bytes_received, proxy_used)
  where s.id = g.id and s.claim_number = g.claim_number and starts_with(s.status, 'running')
  returning s.id as session_id, s.host_key, g.claim_number, s.started_at, s.source, s.location, s.worker_id, s.leads_found, s.leads_new,
    g.requests_made, g.requests_failed, g.bytes_received, g.proxy_used, 'completed' as outcome, null::jsonb as error),
recorded as (${RECORD_ATTEMPTS})
select session_id as id, host_key as "hostKey" from ended`;

/** The sessions that were completed, each with the host in whose line it leaves a place; null for none. */
export async function completeSessions(
  db: Executor,
  completions: readonly Completion[],
): Promise<{ id: number; hostKey: string | null }[]> {
  const items = [...completions].sort((a, b) => a.id - b.id);
  return await db.query<{ id: number; hostKey: string | null } & QueryRow>(COMPLETE, [
    arrayOf(items, (item) => item.id),
    arrayOf(items, (item) => item.claimNumber),
    items.map((item) => storableJson(item.progress)),
    items.map((item) => (item.statusReason === undefined ? null : storableText(item.statusReason, 500))),
    arrayOf(items, (item) => item.stats?.requestsMade ?? 0),
    arrayOf(items, (item) => item.stats?.requestsFailed ?? 0),
    arrayOf(items, (item) => item.stats?.bytesReceived ?? 0),
    items.map((item) => item.stats?.proxyUsed ?? null),
  ]);
}

/** Numbers as an array literal; the driver would quote and escape each of them. */
function arrayOf(items: readonly Completion[], numberOf: (item: Completion) => number): string {
  return `{${items.map(numberOf).join(',')}}`;
}

/**
 * Of the given claims, those that an earlier call has completed: its answer was lost on the way, its commit was not.
 * Makes complete() safe to repeat.
 */
const FIND_COMPLETED = `
select m.session_id as id
from unnest($1::bigint[], $2::int[]) as g(id, claim_number)
join scraper_metrics m on m.session_id = g.id and m.claim_number = g.claim_number and m.outcome = 'completed'`;

export async function findCompleted(db: Executor, claims: readonly Claim[]): Promise<Set<number>> {
  const rows = await db.query<{ id: number } & QueryRow>(FIND_COMPLETED, [
    claims.map((claim) => claim.id),
    claims.map((claim) => claim.claimNumber),
  ]);
  return new Set(rows.map((row) => row.id));
}
