import { CONNECTIONS_USABLE, connectionsNeeded } from '#lib/db/connections.ts';
import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import type { ManagerDuty } from './manager-duty.ts';

/**
 * Of a server's connections those that an ordinary role may have, and how many others have taken of them. Of other roles' sessions
 * an ordinary role sees that they are there, but not what they are; what belongs to no role is the server's own.
 */
const LOOK = `
  select ${CONNECTIONS_USABLE} as usable,
  (select count(*)::int from pg_stat_activity
   where usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend'
     and coalesce(application_name, '') not like 'eko-manager%' and coalesce(application_name, '') not like 'eko-worker%'
     and coalesce(application_name, '') <> 'eko-queue-listener') as others`;

export interface ConnectionCheckOptions {
  db: Executor;
  workerCount: () => number;
  logger: Logger;
}

const INTERVAL_MS = 600_000;

/**
 * Warns when the server may not have enough connections for this machine: claims and heartbeats would fail now and then with
 * SQLSTATE 53300, and be tried again, which is slow. Connections of other machines' workers are not counted: they come and go.
 */
export function createConnectionCheck({ db, workerCount, logger }: ConnectionCheckOptions): ManagerDuty {
  let warned = false;
  return {
    name: 'connections',
    intervalMs: INTERVAL_MS,
    async run() {
      const [row] = await db.query<{ usable: number; others: number } & QueryRow>(LOOK);
      if (!row) return;
      const needed = connectionsNeeded(workerCount());
      const free = row.usable - row.others;
      if (free < needed && !warned) {
        logger.warn(
          { needed, free, ...row },
          `This machine may need ${needed} connections to the database and the server has ${free} for it. Raise max_connections, lower NUM_WORKERS, or put PgBouncer in between.`,
        );
      }
      warned = free < needed;
    },
  };
}
