import type { Executor, QueryRow } from '../db/create-db.ts';
import type { Portal } from './portal.ts';

const LIST_PORTALS = `
  select id, source, kind, name, state, county, city, url, fields, signal, rate_limit_ms as "rateLimitMs", origin, enabled, note
  from portals where source = $1 and enabled order by state, name, id`;

/** What a source may read now. */
export async function listEnabledPortals(db: Executor, source: string): Promise<Portal[]> {
  return await db.query<Portal & QueryRow>(LIST_PORTALS, [source]);
}
