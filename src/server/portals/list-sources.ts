import type { ApiSource } from '#lib/api/source.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { isSourceName, SOURCES, type SourceDescription } from '#lib/scraper-config.ts';
import { listKnownSources } from '#lib/sources/known-sources.ts';
import { configOfSource } from '../bots/bot-sources.ts';

/** What can be scraped, with its settings and the number of enabled portals; at the end what only bots know. */
export async function listSources(db: Executor): Promise<ApiSource[]> {
  const rows = await db.query<{ source: string; count: number }>(
    'select source, count(*) from portals where enabled group by source',
  );
  const counts = new Map(rows.map((row) => [row.source, row.count]));
  const ours = Object.values<SourceDescription>(SOURCES).map((source) => ({
    ...source,
    portalCount: counts.get(source.source) ?? 0,
  }));
  const others = (await listKnownSources(db)).filter((source) => !isSourceName(source));
  return [...ours, ...others.map(describeBotSource)];
}

function describeBotSource(source: string): ApiSource {
  return {
    source,
    label: source,
    description: 'Read by bots, over HTTP.',
    byNameOnly: true,
    botsOnly: true,
    config: configOfSource(source),
    portalCount: 0,
  };
}
