import type { SessionProgress } from '../db/schema/scraping-sessions.ts';
import type { LeadDraft } from '../leads/lead.ts';
import type { RequestStats } from './scraper-context.ts';

/** What `execute` gives back. */
export interface ScrapeResult {
  source: string;
  location: string;
  /** Leads of this session, each once, those of earlier attempts included. */
  totalLeads: number;
  /** Of these, never seen before by any session. */
  newLeads: number;
  /** The leads themselves in stand-alone use; empty where a runner saves them. */
  leads: LeadDraft[];
  requests: RequestStats;
  durationMs: number;
  progress?: SessionProgress;
  /** Set where robots.txt forbade a page that the scraper could not do without: the line, in words. */
  skipped?: string;
  /** What `logWarn` said, at most 100 lines. */
  warnings: string[];
}
