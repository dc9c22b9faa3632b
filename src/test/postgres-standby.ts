import { chmod, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { OsUser } from '#scripts/lib/embedded-postgres/os-user.ts';
import { createCluster, type ServerSettings, serveCluster, type TestPostgres } from './postgres-server.ts';

/** What a primary needs so that a standby can follow it from a copy that takes a while to make. */
export const PRIMARY_SETTINGS: ServerSettings = { wal_level: 'replica', wal_keep_size: '512MB' };

/** A second server that repeats all that the first one writes, and only reads until it is promoted. */
export interface TestStandby extends TestPostgres {
  /** Resolves when it takes writes. */
  promote(): Promise<void>;
}

/** Parts of a data folder that are the running server's alone, or that the standby gets through replication. */
const NOT_COPIED = new Set(['postmaster.pid', 'postmaster.opts', 'pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify']);

/**
 * Starts a standby on a copy that is made while the primary works: the embedded programs have no pg_basebackup, so this does what it
 * does. The primary must run with PRIMARY_SETTINGS; the standby runs with the same settings.
 */
export async function startStandby(primary: TestPostgres, settings: ServerSettings): Promise<TestStandby> {
  const cluster = createCluster();
  const { dataFolder, osUser } = cluster;
  const label = await backUp(primary, () => copyFolder(primary.dataFolder, dataFolder, osUser));
  for (const name of ['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify'])
    await makeFolder(path.join(dataFolder, name), osUser);
  await writeOwn(path.join(dataFolder, 'backup_label'), label, osUser);
  await writeOwn(path.join(dataFolder, 'standby.signal'), '', osUser);
  const { hostname, port, username, password } = new URL(primary.adminUrl);
  const from = `host=${hostname} port=${port} user=${username} password=${password} application_name=standby`;
  const standby = await serveCluster(cluster, password, { ...settings, primary_conninfo: from });
  return {
    ...standby,
    promote: () =>
      onAdmin(standby, async (client) => {
        await client.query('select pg_promote(true, 60)');
      }),
  };
}

/** From soon after this on no commit of the primary is answered before a standby has it too; isSynchronous tells from when. */
export async function requireStandby(primary: TestPostgres): Promise<void> {
  await onAdmin(primary, async (client) => {
    await client.query(`alter system set synchronous_standby_names = '*'`);
    await client.query('select pg_reload_conf()');
  });
}

/** Whether each commit waits for a standby now. */
export async function isSynchronous(primary: TestPostgres): Promise<boolean> {
  return await onAdmin(primary, async (client) => {
    const { rowCount } = await client.query(`select from pg_stat_replication where sync_state = 'sync'`);
    return rowCount === 1;
  });
}

/** Copies between the marks that make a copy of a running server usable. @returns the text of its backup_label. */
async function backUp(primary: TestPostgres, copy: () => Promise<void>): Promise<string> {
  return await onAdmin(primary, async (client) => {
    await client.query(`select pg_backup_start('standby', true)`);
    await copy();
    const { rows } = await client.query('select labelfile from pg_backup_stop(false)');
    return String(rows[0]?.labelfile);
  });
}

/** On one connection, which backups need. */
async function onAdmin<T>({ adminUrl }: TestPostgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'eko-test-standby' });
  // One that loses its server says so through the statement under way.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Files that go away meanwhile are repeated by replication. */
async function copyFolder(from: string, to: string, owner: OsUser | null): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (NOT_COPIED.has(entry.name)) continue;
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) {
      await makeFolder(target, owner);
      await copyFolder(source, target, owner);
    } else if (entry.isFile()) await copyOne(source, target, owner);
  }
}

async function copyOne(source: string, target: string, owner: OsUser | null): Promise<void> {
  try {
    await copyFile(source, target);
    await give(target, 0o600, owner);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function makeFolder(folder: string, owner: OsUser | null): Promise<void> {
  await mkdir(folder, { recursive: true });
  await give(folder, 0o700, owner);
}

async function writeOwn(file: string, text: string, owner: OsUser | null): Promise<void> {
  await writeFile(file, text);
  await give(file, 0o600, owner);
}

async function give(file: string, mode: number, owner: OsUser | null): Promise<void> {
  await chmod(file, mode);
  if (owner) await chown(file, owner.uid, owner.gid);
}
