import type { ApiBot } from '#lib/api/bot.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { findBot } from './find-bot.ts';

const BOTS_MAX = 1_000;

/** The bots of today: those that live first, then those that went down within the last day. Stopped ones are left out. */
export async function listBots(db: Executor): Promise<ApiBot[]> {
  const rows = await db.query(
    `${SELECT_BOTS}
     where w.kind = 'bot' and w.status <> 'stopped' and w.lease_until > clock_timestamp() - interval '1 day'
     order by (w.lease_until > clock_timestamp()) desc, w.last_heartbeat desc, w.worker_id limit ${BOTS_MAX}`,
  );
  return rows.map((row) => withIsoTimes<ApiBot>(row));
}

/** One bot, whatever became of it. @throws ApiError 404. */
export async function getBot(db: Executor, botId: string): Promise<ApiBot> {
  await findBot(db, botId);
  const [row] = await db.query(`${SELECT_BOTS} where w.worker_id = $1`, [botId]);
  return withIsoTimes<ApiBot>(row ?? {});
}

const SELECT_BOTS = `
select w.worker_id as "botId", coalesce(w.name, w.worker_id) as name, w.hostname, w.version, w.sources, w.concurrency,
  case when w.status = 'stopped' then 'stopped' when w.lease_until <= clock_timestamp() or w.status = 'crashed' then 'down'
    when running.sessions <> '[]' then 'running' else 'idle' end as state,
  w.stop_reason as "stopReason", w.token_id as "tokenId", t.name as "tokenName",
  w.started_at as "registeredAt", w.last_heartbeat as "lastHeartbeat", w.lease_until as "aliveUntil",
  w.jobs_processed as "jobsProcessed", w.jobs_succeeded as "jobsSucceeded", w.jobs_failed as "jobsFailed", running.sessions
from worker_instances w
left join api_tokens t on t.id = w.token_id
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'source', s.source, 'location', s.location,
    'claimNumber', s.claim_number) order by s.id), '[]') as sessions
  from scraping_sessions s where s.status = 'running' and s.worker_id = w.worker_id) running`;
