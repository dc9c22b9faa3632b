import { CONNECTIONS } from '#lib/db/connections.ts';
import { createDb, type Db } from '#lib/db/create-db.ts';
import { type Env, SettingsError } from '#lib/env.ts';
import type { Logger } from '#lib/logger.ts';
import { createHostLimitsDuty } from '#workers/maintenance/host-limits-duty.ts';
import { createPruneDuty } from '#workers/maintenance/prune-duty.ts';
import { createConnectionCheck } from '#workers/manager/connection-budget.ts';
import type { ManagerDuty } from '#workers/manager/manager-duty.ts';
import { type ManagerPorts, pgManagerPorts } from '#workers/ports/manager-ports.ts';
import { JobQueue } from '#workers/queue/job-queue.ts';
import { remoteManagerPorts } from '#workers/remote/remote-manager-ports.ts';
import { SIGNAL_TIMEOUT_MS } from '#workers/remote/remote-queue-listener.ts';
import { ServerClient } from '#workers/remote/server-client.ts';
import { createScheduleDuty } from '#workers/schedules/schedule-duty.ts';
import { findRunningDatabase } from './running-database.ts';

/** A heartbeat that takes longer is better asked again: the lease waits for nobody. */
const MANAGER_TIMEOUT_MS = 5_000;

/** What a manager works on. */
export interface ManagerBackend {
  ports: ManagerPorts;
  /** What its workers need to know to work on the same. */
  workerEnv: Record<string, string | undefined>;
  /** What it does for everybody, beside its own workers. */
  commonDuties(workerCount: () => number): ManagerDuty[];
}

/** The server that the settings name, else the database. @throws SettingsError when there is neither. */
export async function openBackend(env: Env, logger: Logger): Promise<ManagerBackend> {
  const { EKO_SERVER_URL: serverUrl, EKO_SERVER_TOKEN: token } = env;
  if (serverUrl === undefined) return await openDatabaseBackend(env, logger);
  if (token) return openServerBackend(env, { serverUrl, token }, logger);
  throw new SettingsError(
    `To work for ${serverUrl} a token of the role "worker" is needed. Make one there with "npx eko token create NAME --role worker", and set EKO_SERVER_TOKEN to it.`,
  );
}

/** What is done for everybody is left to the managers that have the database. */
function openServerBackend(env: Env, server: { serverUrl: string; token: string }, logger: Logger): ManagerBackend {
  warnOfPlainText(server.serverUrl, logger);
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = env;
  const options = { ...server, systemProxy: { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } };
  const client = new ServerClient({ ...options, timeoutMs: MANAGER_TIMEOUT_MS });
  const heartbeatClient = new ServerClient({ ...options, timeoutMs: MANAGER_TIMEOUT_MS, connectionsMax: 1 });
  const signalClient = new ServerClient({ ...options, timeoutMs: SIGNAL_TIMEOUT_MS, connectionsMax: 1 });
  return {
    ports: remoteManagerPorts({ client, heartbeatClient, signalClient, leaseMs: env.LOCK_TTL * 1_000 }),
    workerEnv: {
      DATABASE_URL: undefined,
      EKO_SERVER_URL: server.serverUrl,
      EKO_SERVER_TOKEN: server.token,
      EKO_INTERNAL_ECHO_URL: new URL('/api/echo', server.serverUrl).href,
    },
    commonDuties: () => [],
  };
}

function warnOfPlainText(serverUrl: string, logger: Logger): void {
  const { protocol, hostname } = new URL(serverUrl);
  if (protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return;
  logger.warn({ serverUrl }, 'The token and all that is found go to the server unencrypted; use https');
}

/** @throws SettingsError when there is no database. */
async function openDatabaseBackend(env: Env, logger: Logger): Promise<ManagerBackend> {
  const url = await findDatabaseUrl(env);
  const db = openManagerDb(url, logger, CONNECTIONS.manager);
  const heartbeatDb = openManagerDb(url, logger, CONNECTIONS.heartbeat);
  const leaseMs = env.LOCK_TTL * 1_000;
  return {
    ports: pgManagerPorts({ db, heartbeatDb, listenUrl: env.DIRECT_DATABASE_URL ?? url, leaseMs }),
    workerEnv: { DATABASE_URL: url },
    commonDuties: (workerCount) => [
      ...(env.DIRECT_DATABASE_URL ? [] : [createConnectionCheck({ db, workerCount, logger })]),
      createPruneDuty({ db, env, logger }),
      createHostLimitsDuty({ db, logger }),
      createScheduleDuty({ db, queue: new JobQueue({ db, leaseMs }), defaultMaxRetries: env.MAX_RETRIES, logger }),
    ],
  };
}

function openManagerDb(connectionString: string, logger: Logger, max: number): Db {
  return createDb({
    connectionString,
    applicationName: 'eko-manager',
    max,
    statementTimeoutMs: MANAGER_TIMEOUT_MS,
    onError: (error) => logger.debug({ err: error }, 'A connection to the database broke'),
  });
}

async function findDatabaseUrl(env: Env): Promise<string> {
  const url = env.DATABASE_URL ?? (await findRunningDatabase(env.EKO_DATA_DIR));
  if (url) return url;
  throw new SettingsError(
    `There is no database for the workers. Set DATABASE_URL=postgres://…, or EKO_SERVER_URL to work for a dashboard over HTTP, or run "npm start" beside this: its embedded PostgreSQL in "${env.EKO_DATA_DIR}" is used then (EKO_DATA_DIR must be the same).`,
  );
}
