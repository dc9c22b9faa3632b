import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate } from '#lib/db/migrate.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

interface Journal {
  entries: { tag: string }[];
}

/** A database without a schema. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.db.query('drop schema drizzle cascade');
  await database.db.query('drop schema public cascade');
  await database.db.query('create schema public');
  return database;
}

/** A database as programs with so many migrations know it. */
export async function createDatabaseAt(migrations: number): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-migrations-'));
  try {
    cpSync('drizzle', folder, { recursive: true });
    const file = path.join(folder, 'meta', '_journal.json');
    const journal = JSON.parse(readFileSync(file, 'utf8')) as Journal;
    writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, migrations) }));
    await migrate(database.url, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return database;
}
