import { z } from 'zod';
import type { ApiHost, ApiHostPage } from '#lib/api-types.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { HOST_STATES, type HostState } from '#lib/hosts/host-state.ts';
import { queryText, queryWords } from '../parse-query.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { formatHostCursor, type HostPageRequest } from './host-page.ts';
import { GAP_REASON, HOST_COLUMNS, HOST_ROBOTS, HOSTS_WITH_STATE } from './host-sql.ts';

export const hostFilterSchema = z.strictObject({
  state: queryWords(HOST_STATES).optional(),
  /** Any part of the host's name, in any case. */
  text: queryText().optional(),
});

export type HostFilter = z.output<typeof hostFilterSchema>;

/** Hosts with their pace and their rules, those that may not be asked first. */
export async function listHosts(db: Executor, filter: HostFilter, page: HostPageRequest): Promise<ApiHostPage> {
  const [rows, counts] = await Promise.all([readHosts(db, filter, page), countHosts(db)]);
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ rank: _rank, ...host }) => withIsoTimes<ApiHost>(host)),
    nextCursor: rows.length > page.limit && last ? formatHostCursor(last) : null,
    counts,
  };
}

interface HostRow extends QueryRow {
  rank: number;
  hostKey: string;
}

function readHosts(db: Executor, filter: HostFilter, page: HostPageRequest): Promise<HostRow[]> {
  const where = new SqlConditions()
    .add('h.rank = any(?)', filter.state?.map(rankOf))
    .add('strpos(lower(h.host_key), lower(?)) > 0', filter.text);
  if (page.after) {
    const { rank, hostKey } = page.after;
    where.add(`(h.rank, h.host_key) > (${where.bind(rank)}::int, ?)`, hostKey);
  }
  return db.query<HostRow>(
    `with ${HOSTS_WITH_STATE}, page as (
       select h.* from hosts h where ${where} order by h.rank, h.host_key limit ${where.bind(page.limit + 1)}),
     asleep as (
       select s.host_key, count(*) as sessions from (
         select s.host_key from scraping_sessions s
         where s.status = 'pending' and s.wake_at is not null order by s.wake_at limit ${ASLEEP_COUNTED_MAX}) s
       where s.host_key is not null group by s.host_key)
     select h.rank, (${stateArray})[h.rank + 1] as state, ${HOST_COLUMNS}, ${GAP_REASON} as "gapReason",
       (select count(*) from host_slots l where l.host_key = h.host_key and l.expires_at > clock_timestamp())::int as "inFlight",
       (coalesce((select a.sessions from asleep a where a.host_key = h.host_key), 0) + (
         select count(*) from (
           select from scraping_sessions s
           where s.host_key = h.host_key and s.status = 'pending' and s.wake_at is null limit ${READY_COUNTED_MAX}) s
       ))::int as "waitingSessions",
       ${HOST_ROBOTS} as robots
     from page h order by h.rank, h.host_key`,
    where.values,
  );
}

/** Sessions that sleep have no index by host, so only so many of them are looked at, those that wake first. */
const ASLEEP_COUNTED_MAX = 10_000;
const READY_COUNTED_MAX = 1_000;

/** States by rank, as an SQL array. */
const stateArray = `array[${HOST_STATES.map((state) => `'${state}'`).join(', ')}]`;
const rankOf = (state: HostState) => HOST_STATES.indexOf(state);

async function countHosts(db: Executor): Promise<Record<HostState, number>> {
  const rows = await db.query<{ rank: number; count: number }>(
    `with ${HOSTS_WITH_STATE} select h.rank, count(*) as count from hosts h group by h.rank`,
  );
  const countOf = (state: HostState) => rows.find(({ rank }) => rank === rankOf(state))?.count ?? 0;
  return {
    paused: countOf('paused'),
    'backing-off': countOf('backing-off'),
    'robots-unreachable': countOf('robots-unreachable'),
    slowed: countOf('slowed'),
    ready: countOf('ready'),
  };
}
