import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

/** Any number will do that nothing else in this database locks: the letters "EKO" and a 1. */
const MIGRATION_LOCK = 0x45_4b_4f_01;

/**
 * How long a statement of a migration waits for a lock. Everybody who wants the same table waits behind it meanwhile, and one
 * long transaction would hold up the whole queue; so it gives way and tries again. Shorter than PostgreSQL's deadlock_timeout (1 s): where
 * the migration and somebody's statement wait for each other, it is the migration that ends. For that a migration takes its locks first.
 */
const LOCK_TIMEOUT_MS = 300;
const TRIES_MAX = 60;
/** Between two tries: time for those who waited behind. */
const TRY_AGAIN_MS = 1_000;

/** SQLSTATEs of a lock that was not to be had in time, and of one that the migration and another waited for in a ring. */
const LOST_LOCK: readonly unknown[] = ['55P03', '40P01'];

/** Long enough for any statement of a migration and for waiting behind another one; a dead connection ends the wait. */
const STATEMENT_MAX_MS = 1_800_000;

/** What a migration run did. */
export interface MigrationResult {
  /** How many migrations this run applied; 0 when the schema was up to date. */
  applied: number;
  total: number;
}

/**
 * Brings the schema up to date with the folder of migrations, forward only. Several processes may do so at once: an
 * advisory lock lets one work and the others wait. All pending migrations are one transaction, so a run that was killed
 * has changed nothing and the next one starts over. A table that others use is waited for in short tries, a minute and a half in all.
 * @param connectionString A direct connection: a pooler may end one that takes long.
 * @throws Error when a migration fails (nothing is changed then), or when one is older than what the database already has.
 */
export async function migrate(connectionString: string, folder = defaultFolder()): Promise<MigrationResult> {
  const client = new pg.Client({
    connectionString,
    application_name: 'eko-migrate',
    connectionTimeoutMillis: 10_000,
    query_timeout: STATEMENT_MAX_MS,
    keepAlive: true,
  });
  // Without a listener an error of the connection would end the process; the running statement fails with it anyway.
  client.on('error', () => {});
  await client.connect();
  try {
    const before = await applyPatiently(client, folder);
    const after = await appliedTimes(client);
    const files = readMigrationFiles({ migrationsFolder: folder });
    refuseSkipped(
      files.map((file) => file.folderMillis),
      after,
      folder,
    );
    return { applied: after.size - before.size, total: files.length };
  } finally {
    await client.end();
  }
}

/** @returns what had been applied before. @throws Error of the last try. */
async function applyPatiently(client: pg.Client, folder: string): Promise<Set<number>> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await applyOnce(client, folder);
    } catch (error) {
      if (tries === TRIES_MAX || !LOST_LOCK.includes(sqlStateOf(error))) throw error;
      await wait(TRY_AGAIN_MS);
    }
  }
}

/**
 * Lock, time limit and migrations are one transaction, and nothing outlives it: behind a pooler in transaction mode the connection is
 * somebody else's then, who would keep both. drizzle's own "begin" in it is no more than a notice, and its "commit" ends it.
 * @returns what had been applied before.
 */
async function applyOnce(client: pg.Client, folder: string): Promise<Set<number>> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const before = await appliedTimes(client);
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
    return before;
  } catch (error) {
    // Where drizzle has done that, or the connection is gone, there is nothing to take back.
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** drizzle wraps what the driver throws. */
function sqlStateOf(error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** drizzle applies only what is newer than the newest applied one; a migration merged late would be passed over in silence. */
function refuseSkipped(times: number[], applied: Set<number>, folder: string): void {
  const skipped = times.filter((time) => !applied.has(time));
  if (skipped.length === 0) return;
  throw new Error(
    `The migration of ${new Date(skipped[0] ?? 0).toISOString()} in "${folder}" is older than the newest one in this database and was not applied. Generate it again, so that it comes last.`,
  );
}

async function appliedTimes(client: pg.Client): Promise<Set<number>> {
  const found = await client.query(`select to_regclass('drizzle.__drizzle_migrations') is not null as known`);
  if (!found.rows[0]?.known) return new Set();
  const rows = await client.query<{ created_at: string }>('select created_at from drizzle.__drizzle_migrations');
  return new Set(rows.rows.map((row) => Number(row.created_at)));
}

/** The folder drizzle/ of the nearest parent that has one: this file runs from src/lib/db and, bundled, from dist. */
function defaultFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'drizzle', 'meta', '_journal.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('There is no folder "drizzle" with migrations above this file.');
    folder = parent;
  }
  return path.join(folder, 'drizzle');
}
