import { existsSync } from 'node:fs';
import path from 'node:path';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

/** Any number will do that nothing else in this database locks: the letters "EKO" and a 1. */
const MIGRATION_LOCK = 0x45_4b_4f_01;

/** What a migration run did. */
export interface MigrationResult {
  /** How many migrations this run applied; 0 when the schema was up to date. */
  applied: number;
  total: number;
}

/**
 * Brings the schema up to date with the folder of migrations, forward only. Several processes may do so at once: an
 * advisory lock lets one work and the others wait. All pending migrations are one transaction, so a run that was killed
 * has changed nothing and the next one starts over.
 * @param connectionString A direct connection: a transaction-mode pooler cannot hold the lock.
 * @throws Error when a migration fails (nothing is changed then), or when one is older than what the database already has.
 */
export async function migrate(connectionString: string, folder = defaultFolder()): Promise<MigrationResult> {
  const client = new pg.Client({ connectionString, application_name: 'eko-migrate', connectionTimeoutMillis: 10_000 });
  // Without a listener an error of the connection would end the process; the running statement fails with it anyway.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const before = await appliedTimes(client);
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
    const after = await appliedTimes(client);
    const files = readMigrationFiles({ migrationsFolder: folder });
    refuseSkipped(
      files.map((file) => file.folderMillis),
      after,
      folder,
    );
    return { applied: after.size - before.size, total: files.length };
  } finally {
    // Ends the session, which frees the lock.
    await client.end();
  }
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
