import path from 'node:path';
import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import { readEnv } from '#lib/env.ts';
import { createLogger, type Logger } from '#lib/logger.ts';
import { BUILTIN_PORTALS } from '#lib/portals/builtin-portals.ts';
import type { Portal } from '#lib/portals/portal.ts';
import { readPortalsFile } from '#lib/portals/read-portals-file.ts';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import { createMemoryContext, type MemoryContext } from '#lib/scrapers/memory-context.ts';
import type { ScraperContext } from '#lib/scrapers/scraper-context.ts';
import type { FetchSession } from './fetch/fetch-session.ts';
import { LocalHostPacer } from './fetch/host-pacer-local.ts';
import { createPageFetcher } from './fetch/page-fetcher.ts';
import { LocalRobotsStore } from './fetch/robots-store.ts';
import { ParsePool } from './parse/parse-pool.ts';
import { createPageRenderer } from './render/page-renderer.ts';
import { userAgent } from './user-agent.ts';

export interface StandaloneOptions {
  scraper: { readonly source: string; readonly config: ScraperConfig };
  location: string;
  params?: Record<string, unknown>;
  signal?: AbortSignal;
}

export interface StandaloneContext {
  context: MemoryContext;
  close(): Promise<void>;
}

/**
 * The world of a scraper that runs without database and manager: the real fetch stack with pace and robots.txt kept in this
 * process, the built-in portals with those of EKO_PORTALS_FILE, leads in memory. The composition root of stand-alone use.
 */
export async function createStandaloneContext(options: StandaloneOptions): Promise<StandaloneContext> {
  const env = readEnv();
  const { source, config } = options.scraper;
  const logger = createLogger('scraper', env.LOG_LEVEL, { source, location: options.location });
  const fetcher = createPageFetcher({
    pacer: new LocalHostPacer(),
    robots: new LocalRobotsStore(),
    userAgent: userAgent(env.EKO_CONTACT),
    logger,
    allowAddresses: env.EKO_ALLOW_ADDRESSES,
  });
  const renderer = createPageRenderer({
    fetcher,
    userAgent: userAgent(env.EKO_CONTACT),
    logger,
    chromePath: env.CHROME_PATH,
    unpackFolder: path.join(env.EKO_DATA_DIR, 'browsers'),
  });
  const parsing = new ParsePool();
  const log = consoleLog(logger, config.logLevel);
  const sessionOf = ({ signal, stats }: ScraperContext): FetchSession => ({
    source,
    workerId: 'standalone',
    sessionId: null,
    config,
    signal,
    stats,
    log,
    recordRequest: (request) => log('debug', `${request.method} ${request.url} ${request.verdict}`, { ...request }),
    // Nothing is kept from one stand-alone run to the next.
    noteHost: () => {},
    noteRead: () => {},
  });
  const context = createMemoryContext({
    source,
    location: options.location,
    config,
    portals: (await listPortals(env.EKO_PORTALS_FILE)).filter((portal) => portal.source === source),
    ...(options.params ? { params: options.params } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    onLog: log,
    fetchPage: (url, pageOptions, of) => fetcher.fetchPage(url, pageOptions ?? {}, sessionOf(of)),
    renderPage: (url, pageOptions, of) => renderer.renderPage(url, pageOptions ?? {}, sessionOf(of)),
    parsePage: (page, parser, input) =>
      parsing.parse(page, parser, input, { htmlParser: config.htmlParser, signal: context.signal }),
  });
  return {
    context,
    close: async () => {
      await renderer.close();
      await fetcher.close();
      await parsing.close();
    },
  };
}

/** A portal of the file replaces the built-in one of the same id. */
async function listPortals(portalsFile: string | undefined): Promise<Portal[]> {
  const fromFile = portalsFile ? await readPortalsFile(portalsFile) : [];
  const byId = new Map([...BUILTIN_PORTALS, ...fromFile].map((portal) => [portal.id, portal]));
  return [...byId.values()];
}

function consoleLog(logger: Logger, level: LogLevel) {
  const leveled = logger.child({}, { level });
  return (at: LogLevel, message: string, details?: Record<string, unknown>) => leveled[at](details ?? {}, message);
}
