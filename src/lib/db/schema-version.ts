import type { Executor, QueryRow } from './create-db.ts';

/** How many migrations this program knows: the schema that it needs. A test compares it with drizzle/meta/_journal.json. */
export const PROGRAM_SCHEMA = 8;

/** Whether this program and the schema of its database go together. See docs/upgrades.md. */
export type SchemaFit =
  | { kind: 'fits'; schema: number }
  /** Migrations are missing that this program relies on. */
  | { kind: 'schema-behind'; schema: number; needed: number }
  /** The schema has lost what this program relies on. */
  | { kind: 'program-behind'; program: number; oldestProgram: number };

/** A worker of this program may not have a lease: the schema needs a newer one. */
export class ProgramBehindError extends Error {
  override readonly name = 'ProgramBehindError';
  readonly code = 'program_behind';
  constructor(program = PROGRAM_SCHEMA) {
    super(`The schema of this database is made for newer programs than this one (${program}): start a newer version.`);
  }
}

interface SchemaState {
  /** How many migrations have been applied. */
  schema: number;
  /** What schema_support says; 0 before that table was there. */
  oldestProgram: number;
}

/** @throws what the driver throws when the database does not answer. */
export async function checkSchema(db: Executor, program = PROGRAM_SCHEMA): Promise<SchemaFit> {
  return fitOf(await readSchemaState(db), program);
}

export function fitOf({ schema, oldestProgram }: SchemaState, program: number): SchemaFit {
  if (schema < program) return { kind: 'schema-behind', schema, needed: program };
  if (oldestProgram > program) return { kind: 'program-behind', program, oldestProgram };
  return { kind: 'fits', schema };
}

/** What is wrong, for people, without a full stop; null when all is well. */
export function describeMisfit(fit: SchemaFit): string | null {
  if (fit.kind === 'fits') return null;
  if (fit.kind === 'schema-behind') {
    return `The schema of the database is older than this program (${fit.schema} of ${fit.needed} migrations)`;
  }
  return `The schema of the database is made for newer programs (${fit.oldestProgram}) than this one (${fit.program})`;
}

/** What is wrong and what to do, for people; null when all is well. */
export function misfitInWords(fit: SchemaFit): string | null {
  const misfit = describeMisfit(fit);
  if (misfit === null) return null;
  return `${misfit}: ${fit.kind === 'schema-behind' ? 'run "npm run migrate"' : 'start a newer version'}.`;
}

/** SQLSTATE of a table, column or function that is not there, and the refusal of a program that is too old. */
const OTHER_SCHEMA_CODES: readonly unknown[] = ['42P01', '42703', '42883', 'program_behind'];

/** Whether an error of a statement says that the database has another schema than this program expects. */
export function isOtherSchema(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && OTHER_SCHEMA_CODES.includes(error.code);
}

const READ_STATE = `
select (select count(*)::int from drizzle.__drizzle_migrations) as schema,
  coalesce((select oldest_program from schema_support), 0) as "oldestProgram"`;

const FIND_MIGRATIONS = `
select to_regclass('drizzle.__drizzle_migrations') is not null as migrations`;

async function readSchemaState(db: Executor): Promise<SchemaState> {
  try {
    const [state] = await db.query<SchemaState & QueryRow>(READ_STATE);
    return state ?? { schema: 0, oldestProgram: 0 };
  } catch (error) {
    if (!isUndefinedTable(error)) throw error;
    return await readEarlyState(db);
  }
}

/** Of a database whose schema is older than one of these tables. */
async function readEarlyState(db: Executor): Promise<SchemaState> {
  const [found] = await db.query<{ migrations: boolean } & QueryRow>(FIND_MIGRATIONS);
  if (!found?.migrations) return { schema: 0, oldestProgram: 0 };
  const [row] = await db.query<{ schema: number } & QueryRow>(
    'select count(*)::int as schema from drizzle.__drizzle_migrations',
  );
  return { schema: row?.schema ?? 0, oldestProgram: 0 };
}

function isUndefinedTable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42P01';
}
