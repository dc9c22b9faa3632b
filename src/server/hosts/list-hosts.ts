import { z } from 'zod';
import type { ApiHost, ApiHostPage } from '#lib/api/host.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { HOST_STATES, type HostState } from '#lib/hosts/host-state.ts';
import { WAITING_SESSIONS_MAX } from '#lib/hosts/waiting-sessions-max.ts';
import { queryText, queryWords } from '../parse-query.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { formatHostCursor, type HostPageRequest } from './host-page.ts';
import { GAP_REASON, HOST_COLUMNS, HOSTS_WITH_STATE, ROBOTS_OF_PAGE, STATE_OF_RANK } from './host-sql.ts';

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
     ${ROBOTS_OF_PAGE}
     select h.rank, ${STATE_OF_RANK} as state, ${HOST_COLUMNS}, ${GAP_REASON} as "gapReason",
       (select count(*) from host_slots l where l.host_key = h.host_key and l.expires_at > clock_timestamp())::int as "inFlight",
       (${countWaiting('s.wake_at is null')} + ${countWaiting('s.wake_at is not null')})::int as "waitingSessions",
       coalesce(robots.files, '[]') as robots
     from page h left join robots on robots.host_key = h.host_key order by h.rank, h.host_key`,
    where.values,
  );
}

/** The ready ones and the others each have an index by host. A host that a million sessions wait for costs no more than another. */
function countWaiting(condition: string): string {
  return `(select count(*) from (
    select from scraping_sessions s
    where s.host_key = h.host_key and s.status = 'pending' and ${condition} limit ${WAITING_SESSIONS_MAX}) s)`;
}

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
