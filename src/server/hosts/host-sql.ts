import { HOST_STATES } from '#lib/hosts/host-state.ts';

/**
 * The parts of the statements on hosts. Times of -infinity (never) and times that have passed are shown as null. Everything is
 * joined as sets: asked row by row, thousands of hosts took seconds.
 */

/** SQL over `r`: somebody has looked; a row without a single failed look only says that somebody began to. */
const WAS_READ = `not (r.outcome = 'unreachable' and r.failures = 0)`;

/**
 * Under which host keys an origin may stand: its name, each of the domains above it, and name:port. Which of them is the right
 * one is known by the host that exists: a key is a registrable domain, or a name with its port (src/lib/net/host-key.ts).
 * @param condition which rows of robots_cache, as `r`, are looked at.
 */
function originKeys(condition: string): string {
  return String.raw`
  select r.origin, k.host_key
  from robots_cache r
  cross join lateral (select split_part(r.origin, '://', 2) as authority) a
  cross join lateral (select string_to_array(regexp_replace(a.authority, ':\d+$', ''), '.') as labels) l
  cross join lateral (
    select array_to_string(l.labels[i:], '.') as host_key from generate_subscripts(l.labels, 1) as i
    union
    select case
      when a.authority ~ ':\d+$' then a.authority
      when r.origin like 'https:%' then a.authority || ':443'
      else a.authority || ':80' end) k
  where ${condition}`;
}

const UNREADABLE = `r.outcome = 'unreachable' and r.expires_at > clock_timestamp()`;

/** Every host with `rank`, the index of its state in HOST_STATES. */
export const HOSTS_WITH_STATE = `
unreadable as materialized (select distinct k.host_key from (${originKeys(UNREADABLE)}) k),
hosts as materialized (
  select h.*, case
    when h.paused_until > clock_timestamp() then 0
    when h.backoff_until > clock_timestamp() then 1
    when unreadable.host_key is not null then 2
    when h.adaptive_ms > greatest(h.floor_ms, h.robots_ms) then 3
    else 4 end as rank
  from host_pacing h left join unreadable on unreadable.host_key = h.host_key)`;

/** The state of the host `h`, as a word of HOST_STATES. */
export const STATE_OF_RANK = `(array[${HOST_STATES.map((state) => `'${state}'`).join(', ')}])[h.rank + 1]`;

/** The columns of ApiHost that are the row's own. */
export const HOST_COLUMNS = `h.host_key as "hostKey", greatest(h.floor_ms, h.robots_ms, h.adaptive_ms) as "gapMs",
  jsonb_build_object('source', h.floor_ms, 'crawlDelay', h.robots_ms, 'slowed', h.adaptive_ms) as gaps,
  h.max_inflight as "maxInflight", h.strikes, h.error_streak as "errorStreak", h.last_error as "lastError",
  case when h.backoff_until > clock_timestamp() then h.backoff_until end as "backoffUntil",
  case when h.paused_until > clock_timestamp() then h.paused_until end as "pausedUntil",
  case when h.paused_until > clock_timestamp() then h.pause_reason end as "pauseReason",
  h.last_asked_at as "lastAskedAt", h.last_served_at as "lastServedAt"`;

/** Of equal gaps the one that people can do least about is named. */
export const GAP_REASON = `case
  when h.adaptive_ms > greatest(h.floor_ms, h.robots_ms) then 'slowed'
  when h.robots_ms >= h.floor_ms and h.robots_ms > 0 then 'crawlDelay'
  else 'source' end`;

const SITEMAPS_SHOWN = 20;

/** The robots.txt files of the hosts in `page`, per host as a JSON list of ApiHostRobots. */
export const ROBOTS_OF_PAGE = `
robots as materialized (
  select k.host_key, jsonb_agg(jsonb_build_object(
    'origin', r.origin, 'outcome', r.outcome, 'httpStatus', r.http_status, 'reason', r.reason,
    'fetchedAt', r.fetched_at, 'expiresAt', r.expires_at, 'crawlDelayMs', r.crawl_delay_ms,
    'sitemaps', jsonb_path_query_array(r.sitemaps, '$[0 to ${SITEMAPS_SHOWN - 1}]'),
    'sitemapCount', jsonb_array_length(r.sitemaps)) order by r.origin) as files
  from (${originKeys(WAS_READ)}) k join page on page.host_key = k.host_key join robots_cache r on r.origin = k.origin
  group by k.host_key)`;

/** Why and until when the robots.txt of the host $1 keeps its pages waiting. */
export const UNREADABLE_RULES = `
rules as (
  select r.expires_at, r.reason from (${originKeys(UNREADABLE)}) k join robots_cache r on r.origin = k.origin
  where k.host_key = $1 order by r.expires_at desc limit 1)`;
