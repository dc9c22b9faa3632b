import { isSourceName, type ScraperConfig, SOURCES, scraperConfigSchema } from '#lib/scraper-config.ts';
import { fieldError } from '../api-error.ts';

/** What a source that only bots know is held to: the defaults of ours. */
const DEFAULT_CONFIG = scraperConfigSchema.parse({});

export function configOfSource(source: string): ScraperConfig {
  return isSourceName(source) ? SOURCES[source].config : DEFAULT_CONFIG;
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
