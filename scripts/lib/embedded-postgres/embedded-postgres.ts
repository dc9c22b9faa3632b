import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createDb } from '#lib/db/create-db.ts';
import { findInstalledBinaries, type PostgresBinaries, reachableBinaries } from './binaries.ts';
import { type Cluster, initCluster, PortTakenError, startServer } from './cluster.ts';
import { findDataPlace } from './data-place.ts';
import { choosePostgresUser } from './os-user.ts';
import { clearLeftovers } from './postgres-process.ts';
import { resetSuperuserPassword } from './reset-password.ts';
import type { ServerEvent } from './server-event.ts';
import { openServerSettings, type ServerSettings, withFreePort } from './server-settings.ts';
import { superviseServer } from './supervise-server.ts';

export interface EmbeddedPostgres {
  /** The app's role: owns its database, is no superuser. */
  url: string;
  port: number;
  dataFolder: string;
  /** Process id of the server that runs now; another one after a crash. */
  pid(): number;
  /** Fast shutdown; resolves when the server is gone. */
  stop(): Promise<void>;
  /** Immediate shutdown, as safe as a crash: the next start recovers. */
  kill(): Promise<void>;
}

const SUPERUSER = 'postgres';
/** The role and the database of the app. */
const APP = 'eko';

/**
 * Starts PostgreSQL from the programs in node_modules, on loopback, with its data under `dataDir`/postgres (see
 * findDataPlace), and restarts it when it crashes. The caller holds the lock of `dataDir`.
 * @throws Error that says what is in the way and how to mend it.
 */
export async function startEmbeddedPostgres(dataDir: string, onEvent: ServerEvent): Promise<EmbeddedPostgres> {
  const home = path.join(dataDir, 'postgres');
  mkdirSync(home, { recursive: true });
  const place = findDataPlace(home, choosePostgresUser());
  const cluster: Cluster = { ...place, binaries: reachableBinaries(findInstalledBinaries(), place.osUser) };
  const file = `${home}.json`;
  const { settings, isNew } = await openServerSettings(file);
  await prepareCluster(cluster, settings, isNew, onEvent);
  const { server, port } = await startOnFreePort(cluster, file, settings, onEvent);
  const supervised = superviseServer(server, () => startServer(cluster, { port, settings: SERVER_SETTINGS }), onEvent);
  try {
    await ensureApp({ ...settings, port });
  } catch (error) {
    await supervised.stop('fast');
    throw error;
  }
  return {
    url: address(APP, settings.appPassword, port, APP),
    port,
    dataFolder: cluster.dataFolder,
    pid: supervised.pid,
    stop: () => supervised.stop('fast'),
    kill: () => supervised.stop('immediate'),
  };
}

/** Small machines run this beside a browser; the app opens a few dozen connections at most. */
const SERVER_SETTINGS = { max_connections: '200', shared_buffers: '128MB', password_encryption: 'scram-sha-256' };

async function prepareCluster(
  cluster: Cluster,
  settings: ServerSettings,
  isNew: boolean,
  onEvent: ServerEvent,
): Promise<void> {
  const superuser = { name: SUPERUSER, password: settings.superuserPassword };
  if (!existsSync(path.join(cluster.dataFolder, 'PG_VERSION'))) {
    onEvent('info', 'setting up the database for the first time');
    // Set up beside its place, so that a set-up that was killed half way is not taken for a database.
    const draft = `${cluster.dataFolder}.new`;
    rmSync(draft, { recursive: true, force: true });
    initCluster({ ...cluster, dataFolder: draft }, superuser, { sync: true });
    renameSync(draft, cluster.dataFolder);
    return;
  }
  refuseOtherVersion(cluster.dataFolder, cluster.binaries);
  const cleared = await clearLeftovers(cluster.dataFolder);
  if (cleared) onEvent('warn', cleared);
  if (isNew) {
    onEvent('warn', 'the file with the database passwords was missing; new ones are set');
    resetSuperuserPassword(cluster, superuser);
  }
}

function refuseOtherVersion(dataFolder: string, binaries: PostgresBinaries): void {
  const found = readFileSync(path.join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  const ours = binaries.version.split('.')[0] ?? '';
  if (found === ours) return;
  throw new Error(
    `The database in "${dataFolder}" was made by PostgreSQL ${found}, this is PostgreSQL ${ours}. Export it with the version that made it (pg_dump) and import it here, or move the folder away to begin empty.`,
  );
}

/** Between finding a free port and binding it, another program can take it: choose again, a few times. */
async function startOnFreePort(cluster: Cluster, file: string, first: ServerSettings, onEvent: ServerEvent) {
  let settings = await withFreePort(file, first);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const server = await startServer(cluster, { port: settings.port, settings: SERVER_SETTINGS });
      if (settings.port !== first.port)
        onEvent('info', `port ${first.port} was taken, the database now uses ${settings.port}`);
      return { server, port: settings.port };
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === 5) throw error;
      settings = await withFreePort(file, settings, true);
    }
  }
}

/** Creates the app's role and database, and gives the role the password of the settings file. */
async function ensureApp(settings: ServerSettings): Promise<void> {
  const db = createDb({
    connectionString: address(SUPERUSER, settings.superuserPassword, settings.port, 'postgres'),
    applicationName: 'eko-administration',
    max: 1,
  });
  try {
    const roles = await db.query('select 1 from pg_roles where rolname = $1', [APP]);
    const verb = roles.length === 0 ? 'create' : 'alter';
    await db.query(`${verb} role ${APP} with login nosuperuser password '${settings.appPassword}'`);
    const databases = await db.query('select 1 from pg_database where datname = $1', [APP]);
    if (databases.length === 0) await db.query(`create database ${APP} owner ${APP}`);
  } finally {
    await db.close();
  }
}

function address(role: string, password: string, port: number, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}
