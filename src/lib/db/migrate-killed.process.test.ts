import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { createEmptyDatabase } from '#test/schema-at.ts';
import { type StatementGate, startStatementGate } from '#test/statement-gate.ts';
import { waitFor } from '#test/wait-for.ts';

/** LONG_RUN=1 kills at every statement, by hand. */
const LONG = process.env.LONG_RUN === '1';
const SCRIPT = path.resolve('scripts/migrate.ts');

const databases: TestDatabase[] = [];
let gate: StatementGate | null = null;
afterEach(async () => {
  await gate?.close();
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

/** `npm run migrate`, with DATABASE_URL pointing to a pooler that does not even answer. */
function startMigrating(
  directUrl: string,
  args: string[] = [],
): { child: ChildProcess; ended: Promise<unknown>; output: () => string } {
  let output = '';
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    env: { ...process.env, DATABASE_URL: 'postgres://eko@127.0.0.1:9/eko', DIRECT_DATABASE_URL: directUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, ended: once(child, 'exit'), output: () => output };
}

async function migrateOnce(url: string): Promise<string> {
  const run = startMigrating(url);
  await run.ended;
  return run.output();
}

/** Tables, columns with their defaults, indexes, constraints and functions, as text; and the indexes that cannot be used. */
async function describeSchema({ db }: TestDatabase) {
  const objects = await db.query(
    `select 'column' as kind, table_name || '.' || column_name as name, data_type || is_nullable || coalesce(column_default, '') as what
     from information_schema.columns where table_schema = 'public'
     union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
     union all select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
     union all select 'function', proname, pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
     order by 1, 2, 3`,
  );
  const invalid = await db.query('select indexrelid::regclass::text as name from pg_index where not indisvalid');
  return { objects, invalid };
}

/** The statements before whose answer the migrating process is killed: the last one is the commit. */
function chooseKills(statements: number): number[] {
  if (LONG) return Array.from({ length: statements }, (_, index) => index + 1);
  return [2, Math.round(statements / 2), statements];
}

it('npm run migrate changes nothing when it is asked for something that it cannot do', async () => {
  const database = await createEmptyDatabase();
  databases.push(database);
  const { child, ended, output } = startMigrating(database.url, ['--dry-run']);
  await ended;
  expect({ code: child.exitCode, said: output() }).toEqual({
    code: 1,
    said: expect.stringContaining('"--dry-run" is not known here'),
  });
  expect(await database.db.query(`select to_regnamespace('drizzle') as found`)).toEqual([{ found: null }]);
});

it(
  'npm run migrate may be killed at any statement: it leaves all or nothing, and the next one completes it',
  async () => {
    const template = await createTestDatabase();
    databases.push(template);
    const counted = await createEmptyDatabase();
    databases.push(counted);
    const database = await createEmptyDatabase();
    databases.push(database);
    let killAt = Number.POSITIVE_INFINITY;
    let running: ChildProcess | null = null;
    let seen = 0;
    let committedAt = 0;
    gate = await startStatementGate(() => {
      seen += 1;
      if (seen === killAt) running?.kill('SIGKILL');
    });
    expect(await migrateOnce(gate.through(counted.url))).toContain('Applied');
    // After the commit it looks which migrations are there: two more statements.
    committedAt = seen - 2;
    expect(committedAt).toBeGreaterThan(50);

    const applied = async (): Promise<boolean> => {
      const [row] = await database.db.query<{ known: boolean }>(
        `select to_regclass('schema_support') is not null as known`,
      );
      return row?.known ?? false;
    };
    for (const at of chooseKills(committedAt)) {
      seen = 0;
      killAt = at;
      const { child, ended, output } = startMigrating(gate.through(database.url));
      running = child;
      await ended;
      expect(`${at}: ${child.signalCode} ${output()}`).toBe(`${at}: SIGKILL `);
      await waitFor(
        async () => {
          const rows = await database.db.query(
            `select from pg_stat_activity where datname = current_database() and application_name = 'eko-migrate'`,
          );
          return rows.length === 0;
        },
        { what: 'the server to notice that its client is gone' },
      );
      if (at < committedAt) expect(`${at}: ${await applied()}`).toBe(`${at}: false`);
    }

    killAt = Number.POSITIVE_INFINITY;
    await migrateOnce(gate.through(database.url));
    expect(await migrateOnce(gate.through(database.url))).toContain('Up to date');
    expect(await describeSchema(database)).toEqual(await describeSchema(template));
    expect((await describeSchema(database)).invalid).toEqual([]);
  },
  LONG ? 1_800_000 : 240_000,
);
