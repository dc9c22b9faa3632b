import type { ApiHealth } from '#lib/api-types.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { isDatabaseUnavailable } from '../report-outages.ts';

const PATIENCE_MS = 2_000;

/** Whether this process answers (it does) and whether the database does, within two seconds. Never throws for an outage. */
export async function getHealth(db: Executor, version: string): Promise<ApiHealth> {
  const isThere = await Promise.race([canQuery(db), afterPatience()]);
  return { status: isThere ? 'ok' : 'degraded', database: isThere ? 'ok' : 'unreachable', version };
}

async function canQuery(db: Executor): Promise<boolean> {
  try {
    await db.query('select 1 as one');
    return true;
  } catch (error) {
    if (isDatabaseUnavailable(error)) return false;
    throw error;
  }
}

function afterPatience(): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), PATIENCE_MS).unref();
  });
}
