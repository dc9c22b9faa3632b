import type { Executor } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import type { ManagerDuty } from '../manager/manager-duty.ts';
import { pruneOldRows } from './prune-old-rows.ts';
import type { Retention } from './retention.ts';

export interface PruneDutyOptions {
  db: Executor;
  nodeId: string;
  retention: Retention;
  logger: Logger;
}

/** Row of app_settings that says who pruned last, and when. */
const TURN = 'prune_turn';
const TURN_EVERY_MS = 3_600_000;
/** How often each machine looks whether it is its turn. */
const LOOK_EVERY_MS = 300_000;

/** Prunes old rows once an hour, on one of all machines. */
export function createPruneDuty({ db, nodeId, retention, logger }: PruneDutyOptions): ManagerDuty {
  return {
    name: 'prune',
    intervalMs: LOOK_EVERY_MS,
    async run(signal) {
      if (!(await takeTurn(db, nodeId, TURN_EVERY_MS))) return;
      const counts = await pruneOldRows(db, retention, { signal });
      const deleted = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
      if (Object.keys(deleted).length > 0) logger.info({ deleted }, 'Old rows pruned');
    },
  };
}

/**
 * True for one of all callers per `everyMs`. Not a lock: a machine that dies in its turn is followed by another at the next one,
 * and two that prune at once do no harm.
 */
async function takeTurn(db: Executor, nodeId: string, everyMs: number): Promise<boolean> {
  const taken = await db.query(
    `insert into app_settings as turn (key, value, updated_at) values ($1, to_jsonb($2::text), clock_timestamp())
     on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
       where turn.updated_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000)
     returning 1`,
    [TURN, nodeId, everyMs],
  );
  return taken.length > 0;
}
