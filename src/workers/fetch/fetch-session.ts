import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import type { RequestStats } from '#lib/scrapers/scraper-context.ts';

/** For whom a page is fetched. */
export interface FetchSession {
  workerId: string;
  sessionId: number | null;
  config: ScraperConfig;
  /** Its reason is what fetchPage throws once aborted. */
  signal: AbortSignal;
  stats: RequestStats;
  log(level: LogLevel, message: string, details?: Record<string, unknown>): void;
}
