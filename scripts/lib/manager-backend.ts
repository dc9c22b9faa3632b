import { CONNECTIONS } from '#lib/db/connections.ts';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { type Env, SettingsError } from '#lib/env.ts';
import type { Logger } from '#lib/logger.ts';
import { createConnectionCheck } from '#workers/connection-budget.ts';
import { createPruneDuty } from '#workers/maintenance/prune-duty.ts';
import { retentionOf } from '#workers/maintenance/retention.ts';
import type { ManagerDuty } from '#workers/manager-duty.ts';
import { type ManagerPorts, pgManagerPorts } from '#workers/ports/manager-ports.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { createScheduleDuty } from '#workers/schedules/schedule-duty.ts';
import { findRunningDatabase } from './running-database.ts';

/** What a manager works on. */
export interface ManagerBackend {
  ports: ManagerPorts;
  /** For notifications; null where there are none. */
  listenUrl: string | null;
  /** What its workers need to know to work on the same. */
  workerEnv: Record<string, string | undefined>;
  /** What it does for everybody, beside its own workers. */
  commonDuties(workerCount: () => number): ManagerDuty[];
}

/** @throws SettingsError when there is no database. */
export async function openDatabaseBackend(env: Env, logger: Logger): Promise<ManagerBackend> {
  const url = await findDatabaseUrl(env);
  const db = openManagerDb(url, logger, CONNECTIONS.manager);
  const leaseMs = env.LOCK_TTL * 1_000;
  return {
    ports: pgManagerPorts({ db, heartbeatDb: openManagerDb(url, logger, CONNECTIONS.heartbeat), leaseMs }),
    listenUrl: env.DIRECT_DATABASE_URL ?? url,
    workerEnv: { DATABASE_URL: url },
    commonDuties: (workerCount) => [
      ...(env.DIRECT_DATABASE_URL ? [] : [createConnectionCheck({ db, workerCount, logger })]),
      createPruneDuty({ db, nodeId: env.NODE_ID, retention: retentionOf(env), logger }),
      createScheduleDuty({ db, queue: new JobQueue({ db, leaseMs }), defaultMaxRetries: env.MAX_RETRIES, logger }),
    ],
  };
}

function openManagerDb(connectionString: string, logger: Logger, max: number): Db {
  return createDb({
    connectionString,
    applicationName: 'eko-manager',
    max,
    // A heartbeat that takes longer is better asked again: the lease waits for nobody.
    statementTimeoutMs: 5_000,
    onError: (error) => logger.debug({ err: error }, 'A connection to the database broke'),
  });
}

async function findDatabaseUrl(env: Env): Promise<string> {
  const url = env.DATABASE_URL ?? (await findRunningDatabase(env.EKO_DATA_DIR));
  if (url) return url;
  throw new SettingsError(
    `There is no database for the workers. Set DATABASE_URL=postgres://…, or run "npm start" beside this: its embedded PostgreSQL in "${env.EKO_DATA_DIR}" is used then (EKO_DATA_DIR must be the same).`,
  );
}
