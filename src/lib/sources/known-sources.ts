import type { Executor, QueryRow } from '../db/create-db.ts';
import { SOURCE_NAMES } from '../scraper-config.ts';

const BOT_SOURCES = `
select distinct source from (
  select unnest(sources) as source from worker_instances where kind = 'bot'
  union all select unnest(sources) from api_tokens where role = 'bot' and revoked_at is null) as named
order by source`;

/** The sources that sessions can be made for: ours, and those that a bot or a bot's token has named. */
export async function listKnownSources(db: Executor): Promise<string[]> {
  const rows = await db.query<{ source: string } & QueryRow>(BOT_SOURCES);
  return [...new Set<string>([...SOURCE_NAMES, ...rows.map((row) => row.source)])];
}

/** What is told of a source that nobody has named. */
export function describeUnknownSource(source: string, known: readonly string[]): string {
  return `"${source}" is known neither here nor to a bot; known are ${known.join(', ')}`;
}
