import type { Executor } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import type { ManagerDuty } from '../manager/manager-duty.ts';

const LOOK_EVERY_MS = 300_000;
/** As long as the longest pause for errors. */
const QUIET_MS = 3_600_000;
/** How long a host is paused that throttles or refuses: at first, and at most (drizzle/0005_host_pace.sql). */
const PAUSE_MS = { base: 1_800_000, max: 86_400_000 };

/**
 * A host that nobody has asked for an hour, and after pauses for as long again as the last one may have been, has told us nothing
 * since: what it was limited and slowed down for is forgotten, as if a person had resumed it. Else "has served nothing for 15 minutes"
 * would come true for a host that throttled once and was left alone for days, and one refusal would pause it.
 */
const FORGET = `
with quiet as materialized (
  select host_key from host_pacing
  where (limited_since is not null or adaptive_ms > 0 or error_streak > 0 or pause_count > 0)
    and greatest(last_asked_at, next_at, backoff_until, paused_until) < clock_timestamp() - interval '1 ms' * greatest($1::float8,
      case when pause_count > 0 then least($2::float8 * 2 ^ least(pause_count - 1, 10), $3::float8) end)
  for update skip locked)
select host_key as "hostKey" from quiet where resume_host(host_key)`;

/** Gives hosts that were left alone long enough a fresh start. Any number of managers may do it at once. */
export function createHostLimitsDuty({ db, logger }: { db: Executor; logger: Logger }): ManagerDuty {
  return {
    name: 'host limits',
    intervalMs: LOOK_EVERY_MS,
    async run() {
      const rows = await db.query<{ hostKey: string }>(FORGET, [QUIET_MS, PAUSE_MS.base, PAUSE_MS.max]);
      if (rows.length === 0) return;
      logger.info(
        { hosts: rows.length, first: rows[0]?.hostKey },
        'Hosts that were left alone long enough may be asked as if they had never limited us',
      );
    },
  };
}
