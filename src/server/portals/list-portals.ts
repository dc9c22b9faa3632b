import type { ApiPortal } from '#lib/api/source.ts';
import type { Executor } from '#lib/db/create-db.ts';

const COLUMNS = `id, source, kind, name, state, county, city, url, fields, signal, rate_limit_ms as "rateLimitMs", origin,
  enabled, note`;

/** All portals, by state and name. They are few, a page of them is the whole list. */
export async function listPortals(db: Executor): Promise<ApiPortal[]> {
  const portals = await db.query<ApiPortal & Record<string, unknown>>(
    `select ${COLUMNS} from portals order by state, name, id`,
  );
  return portals;
}
