import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { programFits } from './refuse-old-program.ts';
import type { AbortOrder } from './renew-leases.ts';

export interface BotBeatAnswer {
  /** False when its lease had passed, or when it is gone from the table: its sessions belong to others. Not renewed. */
  alive: boolean;
  abort: AbortOrder[];
  /** Sessions that it holds, started or not. */
  activeSessions: number;
}

/**
 * A bot's sign of life, which is for itself what a manager's heartbeat is for its workers; see renew-leases.ts. What it works on
 * is read from the sessions, since a bot may say anything.
 */
const RENEW_BOT = `
with held as materialized (
  select s.id, s.claim_number, s.started_at, s.cancel_requested, s.timeout_at < clock_timestamp() as late
  from scraping_sessions s where s.status = 'running' and s.worker_id = $1::text),
renewed as (
  update worker_instances w set
    last_heartbeat = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => $2::int / 1000.0),
    status = case when exists (select from held) then 'running' else 'idle' end,
    active_sessions = (select count(*) from held),
    current_job_id = (select id from held order by started_at, id limit 1)
  where w.worker_id = $1::text and w.kind = 'bot' and w.lease_until > clock_timestamp()
    and ${programFits('$3')}
  returning w.worker_id)
select
  exists (select from renewed) as alive,
  (select count(*)::int from held) as "activeSessions",
  (select coalesce(jsonb_agg(jsonb_build_object('sessionId', h.id, 'claimNumber', h.claim_number, 'workerId', $1::text,
     'why', case when h.cancel_requested then 'cancelled' else 'timeout' end) order by h.id), '[]')
   from held h where h.cancel_requested or h.late) as abort`;

export async function renewBot(db: Executor, botId: string, leaseMs: number, program: number): Promise<BotBeatAnswer> {
  const [row] = await db.query<BotBeatAnswer & QueryRow>(RENEW_BOT, [botId, leaseMs, program]);
  return row ?? { alive: false, abort: [], activeSessions: 0 };
}
