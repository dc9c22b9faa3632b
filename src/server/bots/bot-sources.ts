import type { Executor, QueryRow } from '#lib/db/create-db.ts';
import { isSourceName, type ScraperConfig, SOURCE_NAMES, SOURCES, scraperConfigSchema } from '#lib/scraper-config.ts';
import { fieldError } from '../api-error.ts';

/** What a source that only bots know is held to: the defaults of ours. */
const DEFAULT_CONFIG = scraperConfigSchema.parse({});

export function configOfSource(source: string): ScraperConfig {
  return isSourceName(source) ? SOURCES[source].config : DEFAULT_CONFIG;
}

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

/** What both allow; null is "all". */
export function bothAllow(one: readonly string[] | null, other: readonly string[] | null): string[] | null {
  if (one === null) return other === null ? null : [...other];
  return other === null ? [...one] : one.filter((source) => other.includes(source));
}

/** @throws ApiError 422 that names the first source which the token may not claim. */
export function requireAllowed(wanted: readonly string[], allowed: readonly string[] | null, whose: string): void {
  const refused = allowed === null ? undefined : wanted.find((source) => !allowed.includes(source));
  if (refused === undefined || allowed === null) return;
  throw fieldError(
    'unknown_source',
    'sources',
    `"${refused}" is not allowed to ${whose}; allowed are ${allowed.join(', ')}`,
  );
}
