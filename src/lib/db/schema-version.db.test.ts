import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { checkSchema, fitOf, misfitInWords, PROGRAM_SCHEMA } from './schema-version.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the number of this program', () => {
  it('is the number of its migrations', () => {
    const journal = JSON.parse(readFileSync('drizzle/meta/_journal.json', 'utf8'));
    expect(journal.entries).toHaveLength(PROGRAM_SCHEMA);
  });

  it('is one that the schema supports', async () => {
    const [support] = await database.db.query<{ oldest: number }>(
      'select oldest_program as oldest from schema_support',
    );
    expect(support?.oldest).toBeLessThanOrEqual(PROGRAM_SCHEMA);
  });
});

describe('every migration that raises the oldest program', () => {
  it('ends all leases after that, so that no older program can claim from its commit on', () => {
    const raising = readdirSync('drizzle')
      .filter((name) => name.endsWith('.sql'))
      .map((name) => readFileSync(`drizzle/${name}`, 'utf8'))
      .filter((sql) => /update\s+"?schema_support/i.test(sql));
    for (const sql of raising) {
      expect(sql).toMatch(/update\s+"?schema_support[^;]*;[\s\S]*update\s+"?worker_instances"?\s+set\s+"?lease_until/i);
    }
  });
});

describe('fitOf', () => {
  it.each([
    { schema: 7, oldestProgram: 6, kind: 'fits', words: null },
    { schema: 9, oldestProgram: 7, kind: 'fits', words: null },
    { schema: 6, oldestProgram: 0, kind: 'schema-behind', words: 'run "npm run migrate"' },
    { schema: 0, oldestProgram: 0, kind: 'schema-behind', words: '0 of 7 migrations' },
    { schema: 9, oldestProgram: 8, kind: 'program-behind', words: 'start a newer version' },
  ])('says "$kind" of program 7 and schema $schema, which is made for $oldestProgram and later', (state) => {
    const fit = fitOf(state, 7);
    expect(fit.kind).toBe(state.kind);
    if (state.words === null) expect(misfitInWords(fit)).toBeNull();
    else expect(misfitInWords(fit)).toContain(state.words);
  });
});

describe('checkSchema', () => {
  it('reads the schema of today, of before there was support, and of an empty database', async () => {
    const { db } = database;
    expect(await checkSchema(db)).toEqual({ kind: 'fits', schema: PROGRAM_SCHEMA });
    expect(await checkSchema(db, 1)).toMatchObject({ kind: 'program-behind', program: 1 });
    expect(await checkSchema(db, 99)).toMatchObject({ kind: 'schema-behind', needed: 99 });
    await db.query('drop table schema_support');
    await db.query(
      'delete from drizzle.__drizzle_migrations where id = (select max(id) from drizzle.__drizzle_migrations)',
    );
    expect(await checkSchema(db)).toEqual({
      kind: 'schema-behind',
      schema: PROGRAM_SCHEMA - 1,
      needed: PROGRAM_SCHEMA,
    });
    await db.query('drop schema drizzle cascade');
    expect(await checkSchema(db)).toEqual({ kind: 'schema-behind', schema: 0, needed: PROGRAM_SCHEMA });
  });
});
