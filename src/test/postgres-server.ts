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
import { findFreePort } from '#scripts/lib/ports.ts';

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
  /** Stops it and removes its data. */
  drop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of the test's own, with the schema applied, on a random port with its data in a temporary folder.
 * @param settings Server settings, such as { max_connections: '6' }.
 */
export async function startTestPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const password = randomBytes(18).toString('base64url');
  const cluster = createCluster(password);
  let port = await findFreePort();
  const start = () => startServer(cluster, { port, settings: { ...FAST_SETTINGS, ...settings } });
  let server: RunningServer;
  try {
    server = await start();
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    port = await findFreePort();
    server = await start();
  }
  const urls = {
    url: `postgres://eko:${password}@127.0.0.1:${port}/eko`,
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
  };
  await createOwner(urls.adminUrl, password);
  await migrate(urls.url);
  return {
    ...urls,
    port,
    dataFolder: cluster.dataFolder,
    stop: (mode = 'fast') => server.stop(mode),
    kill: () => server.kill(),
    async start() {
      server = await start();
    },
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

function createCluster(password: string): Cluster {
  const osUser = choosePostgresUser();
  const folder = createFolder(osUser);
  const cluster: Cluster = {
    dataFolder: path.join(folder, 'data'),
    binaries: reachableBinaries(findInstalledBinaries(), osUser),
    osUser,
  };
  mkdirSync(cluster.dataFolder, { mode: 0o700 });
  if (osUser) chownSync(cluster.dataFolder, osUser.uid, osUser.gid);
  initCluster(cluster, { name: 'postgres', password }, { sync: false });
  return cluster;
}

/** A temporary folder that the server's user can enter: TMPDIR may be closed to others. */
function createFolder(osUser: OsUser | null): string {
  for (const root of [tmpdir(), '/tmp', '/var/tmp']) {
    const folder = mkdtempSync(path.join(root, 'eko-test-postgres-'));
    if (osUser) chownSync(folder, osUser.uid, osUser.gid);
    if (canReach(folder, osUser, 'w')) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error(`Neither "${tmpdir()}" nor "/tmp" nor "/var/tmp" can be entered by the user "${osUser?.name}".`);
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
