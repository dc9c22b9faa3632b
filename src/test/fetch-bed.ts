import type { AppError } from '#lib/errors.ts';
import { silentLogger } from '#lib/logger.ts';
import { scraperConfigSchema } from '#lib/scraper-config.ts';
import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { FetchSession, RequestRecord } from '#workers/fetch/fetch-session.ts';
import { LocalHostPacer } from '#workers/fetch/host-pacer-local.ts';
import { createPageFetcher, type PageFetcher, type PageFetcherDeps } from '#workers/fetch/page-fetcher.ts';
import { LocalRobotsStore } from '#workers/fetch/robots-store.ts';
import type { ReadPage } from '#workers/pages/validator-store.ts';
import { type FixtureRoute, type FixtureSite, startFixtureSite } from './fixture-site.ts';

/** A session that remembers what it was told. `ending` ends it. */
export interface TestSession extends FetchSession {
  lines: string[];
  records: RequestRecord[];
  hosts: string[];
  pagesRead: ReadPage[];
  ending: AbortController;
}

/** Whichever came: a test says which it expects. */
type PageOrError = Partial<FetchedPage> &
  Partial<Pick<AppError, 'code' | 'context' | 'message' | 'disposition'>> & { retryAfterMs?: number };

/** Sites, sessions and fetch stacks of one test file, closed together. */
export interface FetchBed {
  startSite(routes: Record<string, FixtureRoute>): Promise<FixtureSite>;
  newFetcher(sites: readonly Pick<FixtureSite, 'host'>[], deps?: Partial<PageFetcherDeps>): PageFetcher;
  /** One page with a stack of its own; an error is the result. */
  fetchFrom(
    site: FixtureSite,
    path: string,
    options?: FetchPageOptions,
    config?: Record<string, unknown>,
    deps?: Partial<PageFetcherDeps>,
  ): Promise<{ result: PageOrError; session: TestSession }>;
  close(): Promise<void>;
}

export const text = (body: string, status = 200, headers: Record<string, string> = {}): FixtureRoute => {
  return (_request, response) =>
    void response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
};

/** Answers the n-th request with the n-th route, and with the last one from then on. */
export const inTurn = (...routes: FixtureRoute[]): FixtureRoute => {
  return (request, response, count) => routes[Math.min(count, routes.length - 1)]?.(request, response, count);
};

export function newSession(config: Record<string, unknown> = {}, sessionId = 1): TestSession {
  const ending = new AbortController();
  const session: TestSession = {
    source: 'permits',
    workerId: 'w',
    sessionId,
    config: scraperConfigSchema.parse({ rateLimit: 5, retryDelay: 10, maxRetries: 2, timeout: 3000, ...config }),
    signal: ending.signal,
    stats: { requestsMade: 0, requestsFailed: 0, bytesReceived: 0 },
    log: (level, message) => session.lines.push(`${level} ${message}`),
    recordRequest: (record) => session.records.push(record),
    noteHost: (hostKey) => session.hosts.push(hostKey),
    noteRead: (page) => session.pagesRead.push(page),
    lines: [],
    records: [],
    hosts: [],
    pagesRead: [],
    ending,
  };
  return session;
}

export function createFetchBed(): FetchBed {
  const open: { close(): Promise<void> }[] = [];
  const bed: FetchBed = {
    async startSite(routes) {
      const site = await startFixtureSite(routes);
      open.push(site);
      return site;
    },
    newFetcher(sites, deps = {}) {
      const fetcher = createPageFetcher({
        pacer: new LocalHostPacer(),
        robots: new LocalRobotsStore(),
        userAgent: 'EkoLeadBot/0.1 (+https://example.com/bot)',
        logger: silentLogger(),
        allowAddresses: sites.map((site) => site.host),
        ...deps,
      });
      open.push(fetcher);
      return fetcher;
    },
    async fetchFrom(site, path, options = {}, config = {}, deps = {}) {
      const session = newSession(config);
      const result = await bed
        .newFetcher([site], deps)
        .fetchPage(site.origin + path, options, session)
        .catch((error) => error);
      return { result, session };
    },
    async close() {
      for (const thing of open.splice(0)) await thing.close();
    },
  };
  return bed;
}
