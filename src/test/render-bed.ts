import type { AppError } from '#lib/errors.ts';
import { type Logger, silentLogger } from '#lib/logger.ts';
import type { FetchedPage, RenderPageOptions } from '#lib/scrapers/scraper-context.ts';
import { createPageRenderer, type PageRenderer, type PageRendererDeps } from '#workers/render/page-renderer.ts';
import { findTestBrowser } from './browser/browser.ts';
import { createFetchBed, newSession, type TestSession } from './fetch-bed.ts';
import type { FixtureRoute, FixtureSite } from './fixture-site.ts';
import { isAlive } from './manager-process.ts';
import { waitFor } from './wait-for.ts';

/** Whichever came: a test says which it expects. */
type PageOrError = Partial<FetchedPage> & Partial<Pick<AppError, 'code' | 'context' | 'message' | 'disposition'>>;

/** Sites and one renderer on a real browser, closed together. */
export interface RenderBed {
  renderer: PageRenderer;
  /** The browsers that were started so far. */
  pids: number[];
  startSite(routes: Record<string, FixtureRoute>): Promise<FixtureSite>;
  /** One page; an error is the result. */
  render(url: string, options?: RenderPageOptions, session?: TestSession): Promise<PageOrError>;
  close(): Promise<void>;
}

export async function createRenderBed(limits: NonNullable<PageRendererDeps['limits']> = {}): Promise<RenderBed> {
  const fetchBed = createFetchBed();
  // The fetch stack looks into it for every request, so sites may come later.
  const allowAddresses: string[] = [];
  const pids: number[] = [];
  const renderer = createPageRenderer({
    fetcher: fetchBed.newFetcher([], { allowAddresses }),
    userAgent: 'EkoLeadBot/0.1 (+https://example.com/bot)',
    logger: loggerOf(pids),
    chromePath: await findTestBrowser(),
    unpackFolder: '',
    limits,
  });
  return {
    renderer,
    pids,
    async startSite(routes) {
      const site = await fetchBed.startSite(routes);
      allowAddresses.push(site.host);
      return site;
    },
    render: async (url, options = {}, session = newRenderSession()) =>
      await renderer.renderPage(url, options, session).catch((error) => error),
    async close() {
      await renderer.close();
      await fetchBed.close();
    },
  };
}

export function newRenderSession(config: Record<string, unknown> = {}): TestSession {
  return newSession({ renderPages: true, ...config });
}

export const html = (body: string, headers: Record<string, string> = {}): FixtureRoute => {
  return (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
};

export const json = (value: unknown, headers: Record<string, string> = {}): FixtureRoute => {
  return (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
};

export const script = (code: string, headers: Record<string, string> = {}): FixtureRoute => {
  return (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/javascript', ...headers }).end(code);
};

/** Waits until a browser has ended with all its processes, which form one group. */
export async function waitForEnd(pid: number): Promise<void> {
  await waitFor(() => !isAlive(pid) && !isAlive(-pid), { timeoutMs: 20_000, what: `process group ${pid} to end` });
}

function loggerOf(pids: number[]): Logger {
  const logger = silentLogger();
  logger.info = (details: { browserPid?: number; program?: string }) => {
    if (details.program !== undefined && details.browserPid !== undefined) pids.push(details.browserPid);
  };
  return logger;
}
