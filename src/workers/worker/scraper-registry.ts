import type { Logger } from '#lib/logger.ts';
import { isSourceName, SOURCE_NAMES, SOURCES, type SourceName } from '#lib/scraper-config.ts';
import type { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import type { PageParser } from '#lib/scrapers/page-parser.ts';

/** What a module of scrapers gives: src/workers/scrapers/index.ts, or another one that the manager names to its workers. */
interface ScraperModule {
  createScraper: (source: SourceName) => BaseScraper;
  /** The parsers of these scrapers, as in src/workers/scrapers/parsers.ts; may be missing. Read by the threads that parse. */
  PARSERS?: readonly PageParser<unknown, never>[];
}

export interface ScraperRegistry {
  /** The module that has the PARSERS of these scrapers; undefined for the built-in ones. */
  parsersModule: string | undefined;
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
    : await import('../scrapers/index.ts');
  const timeouts = SOURCE_NAMES.map((source) => [source, timeoutOf(source, createScraper, logger)] as const);
  return {
    parsersModule: modulePath,
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
