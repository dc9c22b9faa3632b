import type { AppError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import type {
  FetchedPage,
  FetchPageOptions,
  PageExpectation,
  RenderPageOptions,
} from '#lib/scrapers/scraper-context.ts';
import type { FetchSession } from '../fetch/fetch-session.ts';
import { pageErrorOf } from '../fetch/page-error.ts';
import type { PageFetcher } from '../fetch/page-fetcher.ts';
import { inspectPage } from '../fetch/page-inspection/inspect-page.ts';
import { resultOfInspection } from '../fetch/page-result.ts';
import { Turnstile } from '../fetch/turnstile.ts';
import { BrowserKeeper, type BrowserKeeperOptions, type BrowserLease } from './browser-keeper.ts';
import { findBrowser } from './find-browser.ts';
import { launchBrowser } from './launch-browser.ts';
import { orAborted } from './or-aborted.ts';
import { Rendering, type RenderingParts } from './rendering.ts';
import { ResourceCache } from './resource-cache.ts';

export interface PageRendererDeps {
  fetcher: Pick<PageFetcher, 'fetchPage'>;
  /** The one of the fetch stack: pages see it too. */
  userAgent: string;
  logger: Logger;
  /** CHROME_PATH. */
  chromePath?: string | undefined;
  /** Where the Chromium of the dependencies is unpacked. */
  unpackFolder: string;
  limits?: Pick<BrowserKeeperOptions, 'pagesMax' | 'ageMaxMs' | 'memoryMaxMb' | 'idleMs'>;
}

export interface PageRenderer {
  /**
   * Fetches one page like any other, shows it in a browser and gives what its scripts have made of it. Whatever the page asks for passes the
   * same fetch stack: address guard, robots.txt, pace, proxy, limits.
   * @throws what fetchPage throws for the document, and what Rendering.run throws; LayoutChangedError and
   *   BlockedError by the look of the result; InvalidInputError where there is no browser.
   */
  renderPage(url: string, options: RenderPageOptions, session: FetchSession): Promise<FetchedPage>;
  close(): Promise<void>;
}

/** Pages that a worker shows at once: each takes from 20 MB on and a share of the processor. */
const PAGES_AT_ONCE = 3;
/** Sessions end by their own time limit before. */
const SEAT_WAIT_MAX_MS = 3_600_000;

/** Builds the renderer of a worker. It starts nothing before its first page. */
export function createPageRenderer(deps: PageRendererDeps): PageRenderer {
  const { fetcher, userAgent, logger, chromePath, unpackFolder } = deps;
  const findProgram = () => findBrowser({ chromePath, unpackFolder });
  const browsers = new BrowserKeeper({ start: () => launchBrowser({ findProgram, logger }), logger, ...deps.limits });
  const parts = { fetcher, userAgent, cache: new ResourceCache() };
  const seats = new Turnstile();
  return {
    async renderPage(url, options, session) {
      const startedAt = performance.now();
      const document = await fetcher.fetchPage(url, documentOptions(options), session);
      const leave = await seats.enter('page', PAGES_AT_ONCE, SEAT_WAIT_MAX_MS, session.signal);
      try {
        const page = await showPage(browsers, parts, document, options, session);
        return { ...page, durationMs: Math.round(performance.now() - startedAt) };
      } finally {
        leave?.();
      }
    },
    close: () => browsers.close(),
  };
}

function documentOptions({ headers, gapMs }: RenderPageOptions): FetchPageOptions {
  return { ...(headers ? { headers } : {}), ...(gapMs === undefined ? {} : { gapMs }) };
}

async function showPage(
  browsers: BrowserKeeper,
  parts: RenderingParts,
  document: FetchedPage,
  options: RenderPageOptions,
  session: FetchSession,
): Promise<FetchedPage> {
  const lease = await leaseBrowser(browsers, session.signal);
  const rendering = new Rendering(parts, lease, document, options, session);
  try {
    const page = await rendering.run();
    refuseUnexpected(page, options.expect, rendering.requests.failure);
    return page;
  } finally {
    await rendering.close();
    lease.release();
    session.log('debug', `Rendered "${document.url}"`, { ...rendering.requests.counts });
  }
}

/** A session that ends while the browser starts leaves it to the next page. */
async function leaseBrowser(browsers: BrowserKeeper, signal: AbortSignal): Promise<BrowserLease> {
  const leasing = browsers.lease();
  try {
    return await orAborted(leasing, signal);
  } catch (error) {
    leasing.then(
      (lease) => lease.release(),
      () => {},
    );
    throw error;
  }
}

/**
 * The look of the page as scripts have made it, by the same rules as for any other. Where it is not what was expected and something
 * of it could not be fetched, that is the reason.
 */
function refuseUnexpected(page: FetchedPage, expect: PageExpectation | undefined, failure: AppError | null): void {
  const inspection = inspectPage({ ...page, ...(expect ? { expect } : {}) });
  const result = resultOfInspection({ kind: 'done', reason: 'ok', retryAfterMs: null }, inspection);
  if (result.kind === 'done') return;
  throw failure ?? pageErrorOf(result, new URL(page.finalUrl), { askedUrl: page.url, evidence: inspection.evidence });
}
