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
  /** All requests go through the proxy pool. */
  useProxy: z.boolean().default(false),
  /** Each session gets a proxy of its own and keeps it while it works; else one proxy serves all sessions of a worker. */
  proxyRotation: z.boolean().default(true),
  /** Only proxies that passed their checks are used. */
  proxyHealthCheck: z.boolean().default(true),
  /** Proxies of this tier and below may be used. */
  proxyTier: z.number().int().min(0).max(100).default(100),
  /** With no usable proxy a request may go out directly; else the session waits. */
  allowDirect: z.boolean().default(false),
  /** Requests that one host may have under way at once, over all workers. */
  maxInflight: z.number().int().min(1).max(20).default(1),
  /** What shares one pace: a registrable domain with all its hosts, or each host by itself. */
  paceBy: z.enum(['site', 'host']).default('site'),
  /** HTTP/2 where the site offers it. */
  http2: z.boolean().default(false),
  /** How long an idle connection is kept open for the next request; 0 closes it at once. */
  keepAlive: z.number().int().min(0).max(300_000).default(30_000),
  /** `slim` is two to four times faster, `parse5` mends broken markup as browsers do. */
  htmlParser: z.enum(['slim', 'parse5']).default('slim'),
  /** Raise it when the parser changes: pages that have not changed since are read again then. */
  parserVersion: z.string().min(1).max(100).default('1'),
  /** Whether `renderPage` may start a browser. */
  renderPages: z.boolean().default(false),
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
  /** Not meant by "all sources": sessions of it are made only where it is named. */
  byNameOnly?: true;
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
  simulated: {
    source: 'simulated',
    label: 'Simulated',
    description: 'For trying the system out: takes a while, fails now and then, and saves made-up people. Asks nobody.',
    byNameOnly: true,
    config: scraperConfigSchema.parse({}),
  },
} as const satisfies Record<string, SourceDescription>;

export type SourceName = keyof typeof SOURCES;

export const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[];

/** What a request means that names no source. */
export const USUAL_SOURCES = SOURCE_NAMES.filter((name) => !('byNameOnly' in SOURCES[name]));

export function isSourceName(name: string): name is SourceName {
  return Object.hasOwn(SOURCES, name);
}
