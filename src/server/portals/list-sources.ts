import type { ApiSource } from '#lib/api/source.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { SOURCES, type SourceDescription } from '#lib/scraper-config.ts';

/** What can be scraped, with its settings and the number of enabled portals. */
export async function listSources(db: Executor): Promise<ApiSource[]> {
  const rows = await db.query<{ source: string; count: number }>(
    'select source, count(*) from portals where enabled group by source',
  );
  const counts = new Map(rows.map((row) => [row.source, row.count]));
  return Object.values<SourceDescription>(SOURCES).map((source) => ({
    ...source,
    portalCount: counts.get(source.source) ?? 0,
  }));
}
