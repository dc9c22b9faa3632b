import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import type { RequestStats } from '#lib/scrapers/scraper-context.ts';
import type { SessionRequest } from '../pages/request-log-writer.ts';
import type { ReadPage } from '../pages/validator-store.ts';

/** One request, as people see it on the session's page. `verdict` is a word of RESULT_KINDS, or `skipped`: robots.txt forbids it. */
export type RequestRecord = Omit<SessionRequest, 'sessionId' | 'claimNumber'>;

/** For whom a page is fetched. */
export interface FetchSession {
  source: string;
  workerId: string;
  sessionId: number | null;
  config: ScraperConfig;
  /** Its reason is what fetchPage throws once aborted. */
  signal: AbortSignal;
  stats: RequestStats;
  log(level: LogLevel, message: string, details?: Record<string, unknown>): void;
  /** Told of every request, and of pages that were not asked for. */
  recordRequest(record: RequestRecord): void;
  /** Told which host is asked next: a session that has to wait is not handed out before that host may be asked. */
  noteHost(hostKey: string): void;
  /** Told what makes the next request of a page conditional. To be kept when all that was found is saved, not before. */
  noteRead(page: ReadPage): void;
}
