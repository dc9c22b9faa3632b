import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDb } from '#lib/db/create-db.ts';
import { migrate } from '#lib/db/migrate.ts';
import { findInstalledBinaries, reachableBinaries } from '#scripts/lib/embedded-postgres/binaries.ts';
import {
  type Cluster,
  initCluster,
  PortTakenError,
  type RunningServer,
  startServer,
} from '#scripts/lib/embedded-postgres/cluster.ts';
import { canReach, choosePostgresUser, type OsUser } from '#scripts/lib/embedded-postgres/os-user.ts';
import { choosePort } from './choose-port.ts';

/** A server for tests. The role of `url` is no superuser and owns its database, as in production. */
export interface TestPostgres {
  /** The migrated database "eko" as the role "eko". */
  url: string;
  /** The database "postgres" as superuser. */
  adminUrl: string;
  port: number;
  dataFolder: string;
  /** Default 'fast'; 'immediate' is a crash without notice to the clients. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL to the postmaster; its children notice and end. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** The process that serves now, or served last; for whoever supervises it. */
  running(): RunningServer;
  /** Stops it and removes its data. */
  drop(): Promise<void>;
}

/** Settings of the server, such as { max_connections: '6' }. */
export type ServerSettings = Record<string, string>;

export interface ServerSurroundings {
  /** Where the folder with its data lies; among the temporary ones unless given. */
  root?: string;
  /** Environment beside the usual one. */
  env?: Record<string, string>;
}

/** Starts a PostgreSQL of the test's own, with the schema applied, on a random port. */
export async function startTestPostgres(
  settings: ServerSettings = {},
  { root, env }: ServerSurroundings = {},
): Promise<TestPostgres> {
  const password = randomBytes(18).toString('base64url');
  const cluster = createCluster(root);
  initCluster(cluster, { name: 'postgres', password }, { sync: false });
  const server = await serveCluster(cluster, password, settings, env);
  await createOwner(server.adminUrl, password);
  await migrate(server.url);
  return server;
}

/** Starts a server on data that exists; all its roles have one password. */
export async function serveCluster(
  cluster: Cluster,
  password: string,
  settings: ServerSettings,
  env: Record<string, string> = {},
): Promise<TestPostgres> {
  let port = await choosePort();
  const start = () => startServer(cluster, { port, env, settings: { ...FAST_SETTINGS, ...settings } });
  let server: RunningServer;
  try {
    server = await start();
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    port = await choosePort();
    server = await start();
  }
  return {
    url: `postgres://eko:${password}@127.0.0.1:${port}/eko`,
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    dataFolder: cluster.dataFolder,
    stop: (mode = 'fast') => server.stop(mode),
    kill: () => server.kill(),
    async start() {
      server = await start();
    },
    running: () => server,
    async drop() {
      await server.stop('immediate');
      rmSync(path.dirname(cluster.dataFolder), { recursive: true, force: true });
    },
  };
}

/** Nothing here has to survive a power cut, and many test files connect at once. */
const FAST_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '64MB',
  autovacuum_naptime: '5s',
};

/** An empty data folder below `root`, in a folder of its own. */
export function createCluster(root?: string): Cluster {
  const osUser = choosePostgresUser();
  const folder = createFolder(osUser, root);
  const cluster: Cluster = {
    dataFolder: path.join(folder, 'data'),
    binaries: reachableBinaries(findInstalledBinaries(), osUser),
    osUser,
  };
  mkdirSync(cluster.dataFolder, { mode: 0o700 });
  if (osUser) chownSync(cluster.dataFolder, osUser.uid, osUser.gid);
  return cluster;
}

/** A temporary folder that the server's user can enter: TMPDIR may be closed to others. */
function createFolder(osUser: OsUser | null, given?: string): string {
  const roots = given === undefined ? [tmpdir(), '/tmp', '/var/tmp'] : [given];
  for (const root of roots) {
    const folder = mkdtempSync(path.join(root, 'eko-test-postgres-'));
    if (osUser) chownSync(folder, osUser.uid, osUser.gid);
    if (canReach(folder, osUser, 'w')) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error(`The user "${osUser?.name}" can enter none of "${roots.join('", "')}".`);
}

async function createOwner(adminUrl: string, password: string): Promise<void> {
  const db = createDb({ connectionString: adminUrl, applicationName: 'eko-test-setup', max: 1 });
  try {
    // base64url has no quote in it.
    await db.query(`create role eko login createdb password '${password}'`);
    await db.query('create database eko owner eko');
  } finally {
    await db.close();
  }
}
