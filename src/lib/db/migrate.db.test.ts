import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPgBouncer } from '#test/pgbouncer.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { findPeer } from '#test/require-peer.ts';
import { waitFor } from '#test/wait-for.ts';
import { createDb } from './create-db.ts';
import { migrate } from './migrate.ts';

const PGBOUNCER = findPeer('pgbouncer');

describe('migrate', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    folder = mkdtempSync(path.join(tmpdir(), 'eko-migrations-'));
    cpSync('drizzle', folder, { recursive: true });
  });
  afterEach(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  function addMigration(tag: string, when: number, sql: string) {
    writeFileSync(path.join(folder, `${tag}.sql`), sql);
    const file = path.join(folder, 'meta', '_journal.json');
    const journal = JSON.parse(readFileSync(file, 'utf8'));
    journal.entries.push({ idx: journal.entries.length, version: '7', when, tag, breakpoints: true });
    writeFileSync(file, JSON.stringify(journal));
  }
  const future = () => Date.now() + 86_400_000;
  const untilItWaitsForLock = () =>
    waitFor(
      async () => {
        const waiting = await database.db.query(
          `select from pg_stat_activity where datname = current_database() and application_name = 'eko-migrate' and wait_event_type = 'Lock'`,
        );
        return waiting.length === 1;
      },
      { what: 'the migration to wait for a lock' },
    );

  it('applies nothing to a schema that is up to date', async () => {
    expect((await migrate(database.url, folder)).applied).toBe(0);
  });

  it('applies a new migration once when several processes migrate at the same moment', async () => {
    addMigration('0900_add', future(), 'create table migrated_once (id int);');
    const results = await Promise.all([1, 2, 3].map(() => migrate(database.url, folder)));
    expect(results.map((result) => result.applied).sort()).toEqual([0, 0, 1]);
  });

  it('changes nothing when a migration fails half way, and completes once that is mended', async () => {
    const when = future();
    addMigration('0900_half', when, 'create table half (id int);\n--> statement-breakpoint\nselect 1/0;');
    await expect(migrate(database.url, folder)).rejects.toThrow();
    expect(await database.db.query(`select to_regclass('half') as found`)).toEqual([{ found: null }]);
    writeFileSync(path.join(folder, '0900_half.sql'), 'create table half (id int);');
    expect((await migrate(database.url, folder)).applied).toBe(1);
  });

  it('completes after a migrating process was cut off in the middle', async () => {
    addMigration('0900_slow', future(), 'create table slow (id int);\n--> statement-breakpoint\nselect pg_sleep(30);');
    const run = migrate(database.url, folder).catch((error: Error) => error);
    await waitFor(
      async () => {
        const killed = await database.db.query(
          `select pg_terminate_backend(pid) as done from pg_stat_activity
           where datname = current_database() and application_name = 'eko-migrate' and query like '%pg_sleep%'`,
        );
        return killed.length === 1;
      },
      { what: 'the migration to come to its slow statement' },
    );
    expect(await run).toBeInstanceOf(Error);
    writeFileSync(path.join(folder, '0900_slow.sql'), 'create table slow (id int);');
    expect((await migrate(database.url, folder)).applied).toBe(1);
  });

  it('gives way to those who use a table, and gets its turn when the table is free', async () => {
    addMigration('0900_alter', future(), 'alter table portals add column extra int;');
    const { db, url } = database;
    let run: Promise<unknown> = Promise.resolve();
    await db.transaction(async (reader) => {
      await reader.query('select from portals');
      run = migrate(url, folder).catch((error: Error) => error);
      await untilItWaitsForLock();
      // While it waited for ever, this would wait behind it.
      await db.query('select from portals');
    });
    expect(await run).toMatchObject({ applied: 1 });
  });

  it('starts over when it and another wait for each other', async () => {
    addMigration(
      '0900_two',
      future(),
      'lock table portals;\n--> statement-breakpoint\nalter table nodes add column extra int;',
    );
    const { db, url } = database;
    let run: Promise<unknown> = Promise.resolve();
    await db.transaction(async (reader) => {
      await reader.query('select from nodes');
      run = migrate(url, folder).catch((error: Error) => error);
      await untilItWaitsForLock();
      // Who waits longer finds the deadlock and loses: the migration, unless this machine is very busy.
      await reader.query('select from portals').catch(() => {});
    });
    expect(await run).toMatchObject({ applied: 1 });
  });

  it.skipIf(PGBOUNCER === null)('leaves nothing behind on a connection of a pooler in transaction mode', async () => {
    addMigration('0900_add', future(), 'create table migrated_once (id int);');
    const bouncer = await startPgBouncer(PGBOUNCER ?? '', database.url);
    const db = createDb({ connectionString: bouncer.url, applicationName: 'eko-test', max: 1 });
    try {
      const results = await Promise.all([1, 2, 3].map(() => migrate(bouncer.url, folder)));
      expect(results.map((result) => result.applied).sort()).toEqual([0, 0, 1]);
      const left = await db.query(
        `select current_setting('lock_timeout') as timeout, (select count(*)::int from pg_locks
           where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())) as locks`,
      );
      expect(left).toEqual([{ timeout: '0', locks: 0 }]);
    } finally {
      await db.close();
      await bouncer.stop();
    }
  });

  it('refuses a migration that is older than the newest applied one instead of passing over it', async () => {
    addMigration('0900_late', 1, 'create table late (id int);');
    await expect(migrate(database.url, folder)).rejects.toThrow('is older than the newest one');
  });
});
