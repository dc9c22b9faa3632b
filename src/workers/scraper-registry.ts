import type { Logger } from '#lib/logger.ts';
import { isSourceName, SOURCE_NAMES, SOURCES, type SourceName } from '#lib/scraper-config.ts';
import type { BaseScraper } from '#lib/scrapers/base-scraper.ts';

/** What a module of scrapers gives: src/workers/scrapers/index.ts, or another one that the manager names to its workers. */
interface ScraperModule {
  createScraper: (source: SourceName) => BaseScraper;
}

export interface ScraperRegistry {
  sources: readonly string[];
  /** Time for one attempt per source, in ms. */
  jobTimeoutMs: Readonly<Record<string, number>>;
  /** @throws whatever the scraper's constructor throws: that fails the session, not the worker. */
  createScraper: (source: string) => BaseScraper;
}

/**
 * Loads the scrapers of a worker. One that cannot be made costs only its own sessions, which then say so.
 * @param modulePath absolute; the built-in scrapers unless given.
 * @throws when the module itself cannot be loaded.
 */
export async function loadScraperRegistry(logger: Logger, modulePath?: string): Promise<ScraperRegistry> {
  const { createScraper } = modulePath
    ? ((await import(modulePath)) as ScraperModule)
    : await import('./scrapers/index.ts');
  const timeouts = SOURCE_NAMES.map((source) => [source, timeoutOf(source, createScraper, logger)] as const);
  return {
    sources: SOURCE_NAMES,
    jobTimeoutMs: Object.fromEntries(timeouts),
    createScraper(source) {
      if (!isSourceName(source)) throw new Error(`This worker has no scraper for the source "${source}"`);
      return createScraper(source);
    },
  };
}

function timeoutOf(source: SourceName, createScraper: ScraperModule['createScraper'], logger: Logger): number {
  try {
    return createScraper(source).config.jobTimeout;
  } catch (error) {
    logger.error({ source, err: error }, 'The scraper of this source cannot be made; its sessions will fail');
    return SOURCES[source].config.jobTimeout;
  }
}
