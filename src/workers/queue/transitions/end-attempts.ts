import type { SessionStatus } from '#lib/db/schema/vocabulary.ts';

/**
 * The shape that every transition out of 'running' shares, so that none of them can forget a part: lock the sessions that
 * are still held, decide, write the session and the attempt's row of scraper_metrics, all in one statement.
 */
export interface AttemptEnd {
  /** A select of `s.*` from scraping_sessions s that locks its rows. */
  held: string;
  /** SQL over `held`: what becomes of the session. 'pending' turns to 'cancelled' where a person asked for that. */
  status: string;
  /** SQL over `held`: a word of ATTEMPT_OUTCOMES. */
  outcome: string;
  /** SQL over `held`: one short sentence for people. */
  reason: string;
  /** SQL over `held`: jsonb kept with the attempt, and with the session unless it is null. */
  error?: string;
  /** SQL over `held`: when a pending session may be claimed; null is at once, or as soon as its host can take it. */
  wakeAt?: string;
  /** SQL over `held`: the host that it asks next; as before unless given. */
  hostKey?: string;
  /** SQL over `held`: jsonb with the keys of AttemptStats; null when nobody was left to report them. */
  stats?: string;
  /** SQL over `held`: the new counters. */
  retryCount?: string;
  crashCount?: string;
}

/**
 * The session that a worker proves to hold with ($1 id, $2 claim number). starts_with instead of `=`: a literal
 * status = 'running' would let the planner use the index of running sessions, and on the day it was analysed empty it
 * prefers that to the primary key and walks every dead entry (measured: 1 → 8 ms).
 */
export const HELD_BY_CLAIM = `
  select s.* from scraping_sessions s
  where s.id = $1::bigint and s.claim_number = $2::int and starts_with(s.status, 'running')
  for no key update`;

/**
 * Records ended attempts from a CTE \`ended\`. What an attempt found is the session's count less what earlier attempts
 * found, so a crashed one, which reports nothing, is counted too. The first claim has no earlier ones and skips the look.
 */
export const RECORD_ATTEMPTS = `
  insert into scraper_metrics (session_id, timestamp, started_at, claim_number, leads_found, leads_new, requests_made,
    requests_failed, bytes_received, duration_ms, source, location, outcome, worker_id, proxy_used, error)
  select e.session_id, clock_timestamp(), e.started_at, e.claim_number,
    greatest(0, e.leads_found - coalesce(earlier.found, 0)), greatest(0, e.leads_new - coalesce(earlier.fresh, 0)),
    e.requests_made, e.requests_failed, e.bytes_received,
    least(2147483647, greatest(0, date_part('epoch', clock_timestamp() - e.started_at) * 1000))::int,
    e.source, e.location, e.outcome, e.worker_id, e.proxy_used, e.error
  from ended e
  left join lateral (
    select sum(m.leads_found) as found, sum(m.leads_new) as fresh
    from scraper_metrics m where m.session_id = e.session_id and e.claim_number > 1
  ) earlier on e.claim_number > 1`;

/** A session that a statement of endAttempts changed. */
export interface EndedAttempt {
  id: number;
  status: Exclude<SessionStatus, 'running'>;
  /** The hosts whose lines may move on now: where it was running, and where it waits. */
  hostKeys: string[];
}

/** The whole statement; it returns the EndedAttempt of each session that it changed. */
export function endAttempts(end: AttemptEnd): string {
  return `
with held as materialized (${end.held}),
decided as materialized (
  select held.*, ${end.status} as wanted_status, ${end.outcome} as own_outcome, ${end.reason} as next_reason,
    ${end.error ?? 'null::jsonb'} as next_error, ${end.wakeAt ?? 'null::timestamptz'} as next_wake_at,
    ${end.hostKey ?? 'held.host_key'} as next_host_key,
    ${end.stats ?? 'null::jsonb'} as stats,
    ${end.retryCount ?? 'held.retry_count'} as next_retry_count, ${end.crashCount ?? 'held.crash_count'} as next_crash_count
  from held),
verdict as materialized (
  select d.*, (d.wanted_status = 'pending' and d.cancel_requested) as cancelled_instead,
    case when d.wanted_status = 'pending' and d.cancel_requested then 'cancelled' else d.wanted_status end as next_status
  from decided d),
moved as (
  update scraping_sessions s set
    status = v.next_status,
    claim_number = s.claim_number + 1,
    wake_at = case when v.next_status = 'pending' then coalesce(v.next_wake_at, ${inLineOf('v.next_host_key')}) end,
    host_key = v.next_host_key,
    started_at = case when v.next_status = 'pending' then null else s.started_at end,
    worker_id = case when v.next_status = 'pending' then null else s.worker_id end,
    completed_at = case when v.next_status = 'pending' then null else clock_timestamp() end,
    timeout_at = null,
    retry_count = v.next_retry_count,
    crash_count = v.next_crash_count,
    status_reason = case when v.cancelled_instead then 'Cancelled on request' else v.next_reason end,
    error = coalesce(v.next_error, s.error),
    proxy_used = coalesce(v.stats->>'proxyUsed', s.proxy_used)
  from verdict v where s.id = v.id
  returning s.id, s.status, array_remove(array[v.host_key, v.next_host_key], null) as "hostKeys"),
ended as (
  select v.id as session_id, v.claim_number, v.started_at, v.source, v.location, v.worker_id, v.leads_found, v.leads_new,
    coalesce((v.stats->>'requestsMade')::int, 0) as requests_made,
    coalesce((v.stats->>'requestsFailed')::int, 0) as requests_failed,
    coalesce((v.stats->>'bytesReceived')::bigint, 0) as bytes_received,
    v.stats->>'proxyUsed' as proxy_used,
    -- An attempt that ended by itself while a cancel was asked for was cancelled; a death or time-out stays what it was.
    case when v.cancelled_instead and v.own_outcome in ('retry', 'snoozed', 'interrupted') then 'cancelled'
      else v.own_outcome end as outcome,
    v.next_error as error
  from verdict v join moved on moved.id = v.id),
recorded as (${RECORD_ATTEMPTS})
select id, status, "hostKeys" from moved`;
}

/** SQL: the wake_at of a session that could go on now: the end of the line of its host, or null, which is at once. */
export function inLineOf(hostKey: string): string {
  return `case when ${hostKey} is not null then 'infinity'::timestamptz end`;
}

/** SQL: the next host of a session from what HostKeyOption says, passed by hostKeyParameters. */
export function nextHostKey(isGiven: string, hostKey: string): string {
  return `case when ${isGiven}::boolean then ${hostKey}::text else held.host_key end`;
}

/** Which host a session asks next: null where nobody knows, and as before unless given. */
export interface HostKeyOption {
  hostKey?: string | null | undefined;
}

export function hostKeyParameters({ hostKey }: HostKeyOption): [boolean, string | null] {
  return [hostKey !== undefined, hostKey ?? null];
}

/** SQL: now plus a number of ms; null (at once) for zero and less. */
export function msFromNow(ms: string): string {
  return `case when ${ms} > 0 then clock_timestamp() + make_interval(secs => ${ms} / 1000.0) end`;
}

/** SQL: the delay in ms for a row's next retry, from an int[] parameter made by retrySchedule. */
export function scheduledDelayMs(schedule: string): string {
  return `(${schedule})[least(held.retry_count + 1, cardinality(${schedule}))]`;
}
