import { z } from 'zod';

/** What can be set per scraper; the names and defaults are those of the documents. Times in ms. */
export const scraperConfigSchema = z.object({
  /** Smallest gap between two requests to one host, over all workers. */
  rateLimit: z.number().int().min(0).default(2000),
  /** Requests of one session that may be under way at once (a host still sees one at a time). */
  maxConcurrent: z.number().int().min(1).max(100).default(3),
  /** Further tries of one page after the first. */
  maxRetries: z.number().int().min(0).max(20).default(3),
  retryDelay: z.number().int().min(0).default(1000),
  retryBackoff: z.number().min(1).max(10).default(2),
  /** Total time for one try of one page, from connect to the last byte. */
  timeout: z.number().int().min(100).default(30_000),
  /** Total time for one attempt of a session. */
  jobTimeout: z.number().int().min(1000).default(600_000),
  /** Kept because the documents name them; robots.txt is always respected, so both can only be true. */
  respectRobotsTxt: z.literal(true).default(true),
  checkRobotsTxt: z.literal(true).default(true),
  useProxy: z.boolean().default(false),
  proxyRotation: z.boolean().default(true),
  proxyHealthCheck: z.boolean().default(true),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type ScraperConfig = z.output<typeof scraperConfigSchema>;
export type ScraperConfigInput = z.input<typeof scraperConfigSchema>;

/** What the dashboard and the API say of a source. */
export interface SourceDescription {
  source: string;
  label: string;
  description: string;
  /** Shown where the source's rules are not the usual ones (credentials, terms). */
  note?: string;
  config: ScraperConfig;
}

/** The sources that exist, by name. src/workers/scrapers/index.ts must have a class for each (a type error otherwise). */
export const SOURCES = {
  permits: {
    source: 'permits',
    label: 'Building Permits',
    description: 'Open permit data of counties and cities: who is building, re-roofing or going solar, and where.',
    config: scraperConfigSchema.parse({}),
  },
} as const satisfies Record<string, SourceDescription>;

export type SourceName = keyof typeof SOURCES;

export const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[];

export function isSourceName(name: string): name is SourceName {
  return Object.hasOwn(SOURCES, name);
}
