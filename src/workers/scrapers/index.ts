import type { ScraperConfigInput, SourceName } from '#lib/scraper-config.ts';
import type { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import { PermitsScraper } from './permits.scraper.ts';
import { SimulatedScraper } from './simulated.scraper.ts';

/** The class of each source. A name in SOURCES without a class here is a type error, and so is the reverse. */
const SCRAPERS: Record<SourceName, new (config?: ScraperConfigInput) => BaseScraper> = {
  permits: PermitsScraper,
  simulated: SimulatedScraper,
};

/** A new scraper of a source: one object scrapes one location at a time. */
export function createScraper(source: SourceName, config?: ScraperConfigInput): BaseScraper {
  return new SCRAPERS[source](config);
}
