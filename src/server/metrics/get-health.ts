import type { ApiHealth } from '#lib/api/answer.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { checkSchema, type SchemaFit } from '#lib/db/schema-version.ts';
import { isDatabaseUnavailable } from '../report-outages.ts';

const PATIENCE_MS = 2_000;

const SCHEMA_WORDS: Record<SchemaFit['kind'], ApiHealth['schema']> = {
  fits: 'ok',
  'schema-behind': 'behind',
  'program-behind': 'ahead',
};

/**
 * Whether this process answers (it does), whether the database does within two seconds, and whether its schema is the one that
 * this program knows. Never throws for an outage.
 */
export async function getHealth(db: Executor, version: string): Promise<ApiHealth> {
  const fit = await Promise.race([askDatabase(db), afterPatience()]);
  if (fit === null) return { status: 'degraded', database: 'unreachable', schema: 'unknown', version };
  return { status: fit.kind === 'fits' ? 'ok' : 'degraded', database: 'ok', schema: SCHEMA_WORDS[fit.kind], version };
}

async function askDatabase(db: Executor): Promise<SchemaFit | null> {
  try {
    return await checkSchema(db);
  } catch (error) {
    if (isDatabaseUnavailable(error)) return null;
    throw error;
  }
}

function afterPatience(): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), PATIENCE_MS).unref();
  });
}
