import { readKeptDays, saveKeptDays } from '#lib/archive/kept-days.ts';
import type { Executor } from '#lib/db/create-db.ts';
import type { Env } from '#lib/env.ts';
import type { Logger } from '#lib/logger.ts';
import type { ManagerDuty } from '../manager/manager-duty.ts';
import { pruneOldRows } from './prune-old-rows.ts';
import { retentionOf } from './retention.ts';

export interface PruneDutyOptions {
  db: Executor;
  /** NODE_ID, and the ages that this machine was told, if any. */
  env: Pick<Env, 'NODE_ID' | 'EKO_KEEP_SESSIONS_DAYS' | 'EKO_KEEP_LOGS_DAYS' | 'EKO_KEEP_METRICS_DAYS'>;
  logger: Logger;
}

/** Row of app_settings that says who pruned last, and when. */
const TURN = 'prune_turn';
const TURN_EVERY_MS = 3_600_000;
/** How often each machine looks whether it is its turn. */
const LOOK_EVERY_MS = 300_000;

/** Prunes old rows once an hour, on one of all machines, which all keep them equally long. */
export function createPruneDuty({ db, env, logger }: PruneDutyOptions): ManagerDuty {
  let isSaved = false;
  return {
    name: 'prune',
    intervalMs: LOOK_EVERY_MS,
    async run(signal) {
      // Once, not in each round: two machines that were told different days would take turns. The one that starts last decides.
      if (!isSaved) await saveKeptDays(db, env, logger);
      isSaved = true;
      if (!(await takeTurn(db, env.NODE_ID, TURN_EVERY_MS))) return;
      const counts = await pruneOldRows(db, retentionOf(await readKeptDays(db)), { signal });
      const deleted = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
      if (Object.keys(deleted).length > 0) logger.info({ deleted }, 'Old rows pruned');
    },
  };
}

/**
 * True for one of all callers per `everyMs`. Not a lock: a machine that dies in its turn is followed by another at the next one,
 * and two that prune at once do no harm. A turn in the future was taken while the database's clock was ahead, and is over.
 */
async function takeTurn(db: Executor, nodeId: string, everyMs: number): Promise<boolean> {
  const taken = await db.query(
    `insert into app_settings as turn (key, value, updated_at) values ($1, to_jsonb($2::text), clock_timestamp())
     on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
       where turn.updated_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000)
         or turn.updated_at > clock_timestamp()
     returning 1`,
    [TURN, nodeId, everyMs],
  );
  return taken.length > 0;
}
