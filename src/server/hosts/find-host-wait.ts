import type { ApiHostWait } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { withIsoTimes } from '../with-iso-times.ts';
import { HOSTS_WITH_STATE, STATE_OF_RANK, UNREADABLE_RULES } from './host-sql.ts';

/** Whether and why a host holds up who wants to ask it; null for a host that nobody has asked yet. */
export async function findHostWait(db: Executor, hostKey: string): Promise<ApiHostWait | null> {
  const [row] = await db.query(
    `with ${HOSTS_WITH_STATE}, ${UNREADABLE_RULES}
     select h.host_key as "hostKey", ${STATE_OF_RANK} as state,
       case h.rank when 0 then h.paused_until when 1 then h.backoff_until when 2 then (select rules.expires_at from rules) end as until,
       case h.rank when 0 then h.pause_reason when 1 then h.last_error when 2 then (select rules.reason from rules) end as reason
     from hosts h where h.host_key = $1`,
    [hostKey],
  );
  return row ? withIsoTimes<ApiHostWait>(row) : null;
}
