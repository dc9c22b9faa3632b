import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { ProgramBehindError } from '#lib/db/schema-version.ts';

/**
 * Part of a worker's registration, which no program may make that is too old for the schema. The lock lets a migration that
 * raises the oldest program wait for registrations under way, and them for it: it ends all leases that were given before, so
 * from its commit on no older program has one, and without a lease nobody can claim.
 */
const READ_OLDEST = 'select oldest_program as oldest from schema_support for share';

/** @throws ProgramBehindError. */
export async function refuseOldProgram(tx: Executor, program: number): Promise<void> {
  const [support] = await tx.query<{ oldest: number } & QueryRow>(READ_OLDEST);
  if (support && support.oldest > program) throw new ProgramBehindError(program);
}

/** SQL: a program with the number in a parameter may have leases. */
export function programFits(program: string): string {
  return `${program}::int >= coalesce((select oldest_program from schema_support), 0)`;
}
