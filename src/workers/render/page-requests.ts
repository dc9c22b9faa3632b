import type { Page, Request, Route } from 'playwright-core';
import { AppError, RequestRefusedError } from '#lib/errors.ts';
import { hostKeyOf } from '#lib/net/host-key.ts';
import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { FetchSession } from '../fetch/fetch-session.ts';
import type { PageFetcher } from '../fetch/page-fetcher.ts';
import { Turnstile } from '../fetch/turnstile.ts';
import { answerOf, type BrowserAnswer, forwardTo, isBinary } from './browser-answer.ts';
import type { ResourceCache } from './resource-cache.ts';
import { headersToSend, judgeResource, type ResourceLimits } from './resource-policy.ts';

export interface PageRequestsOptions {
  fetcher: Pick<PageFetcher, 'fetchPage'>;
  cache: ResourceCache;
  /** With the signal of this rendering. */
  session: FetchSession;
  /** The page that was asked for, as it came. */
  document: FetchedPage;
  limits: ResourceLimits;
  gapMs: number | undefined;
  requestsMax: number;
  /** When waiting in line makes no sense any more, by performance.now(). */
  deadline: number;
  /** Ends the rendering with an error. */
  end: (error: unknown) => void;
}

/** Documents that one page may go through by its own scripts. */
const DOCUMENTS_MAX = 6;

/** Answers every request of one page in the browser from the fetch stack, so that it obeys what every other request obeys. */
export class PageRequests {
  readonly #options: PageRequestsOptions;
  readonly #line = new Turnstile();
  readonly #ready = new Map<string, FetchedPage>();
  readonly counts = { fetched: 0, cached: 0, refused: 0, failed: 0 };
  /** The first failure of the page's own scripts and data: without them it may lack what it should show. */
  failure: AppError | null = null;
  /** Requests that wait for their answer. */
  pending = 0;
  /** The document that the browser shows, or is about to. */
  document: FetchedPage;
  #documentsAsked = 0;
  #documentsPending = 0;
  #documentsAnswered = 0;
  #documentsShown = 0;

  constructor(options: PageRequestsOptions) {
    this.#options = options;
    this.document = options.document;
    this.#ready.set(withoutFragment(options.document.finalUrl), options.document);
  }

  /** Whether the browser is on its way to another document than the one it shows. */
  get isMovingOn(): boolean {
    return this.#documentsPending > 0 || this.#ready.size > 0 || this.#documentsAnswered > this.#documentsShown;
  }

  /** To be told which address the browser shows now. */
  noteShown(url: string): void {
    if (withoutFragment(url) === withoutFragment(this.document.finalUrl)) {
      this.#documentsShown = this.#documentsAnswered;
    }
  }

  /** Never rejects. What is left without an answer fails by itself: the browser has no network. */
  async answer(route: Route, page: Page): Promise<void> {
    this.pending += 1;
    const request = route.request();
    const isDocument = isOwnDocument(request, page);
    const answer = await this.#findAnswer(request, isDocument);
    // "aborted" leaves the page as it is, where any other word replaces it by a page of the browser's own.
    const answering = answer === null ? route.abort(isDocument ? 'aborted' : 'blockedbyclient') : route.fulfill(answer);
    // Nobody waits for the answer any more where the page is gone, or has gone on to another one.
    await answering.catch(() => {});
    this.pending -= 1;
  }

  async #findAnswer(request: Request, isDocument: boolean): Promise<BrowserAnswer | null> {
    try {
      return isDocument ? await this.#answerDocument(request) : await this.#readResource(request);
    } catch (error) {
      this.#options.end(error);
      return null;
    }
  }

  async #answerDocument(request: Request): Promise<BrowserAnswer | null> {
    this.#documentsPending += 1;
    try {
      const answer = await this.#openDocument(request);
      if (answer !== null) this.#documentsAnswered += 1;
      return answer;
    } finally {
      this.#documentsPending -= 1;
    }
  }

  /** The first document is there already; the page's scripts may lead to others, each fetched like a page of its own. */
  async #openDocument(request: Request): Promise<BrowserAnswer | null> {
    const url = withoutFragment(request.url());
    const ready = this.#ready.get(url);
    this.#ready.delete(url);
    if (ready) {
      this.document = ready;
      return answerOf(ready, 'text/html');
    }
    if (request.method() !== 'GET') return this.#refuse(url, `pages may read, not send (${request.method()})`);
    this.#documentsAsked += 1;
    if (this.#documentsAsked >= DOCUMENTS_MAX) {
      throw new RequestRefusedError(`"${this.#options.document.url}" goes on to other pages without end`, {
        context: { url: this.#options.document.url, last: url },
      });
    }
    const headers = headersToSend(await request.allHeaders());
    const fetched = await this.#inLine(url, () => this.#fetch(url, headers, {}));
    const finalUrl = withoutFragment(fetched.finalUrl);
    if (finalUrl !== url) {
      this.#ready.set(finalUrl, fetched);
      return forwardTo(fetched.finalUrl);
    }
    this.document = fetched;
    return answerOf(fetched, 'text/html');
  }

  async #readResource(request: Request): Promise<BrowserAnswer | null> {
    const url = withoutFragment(request.url());
    const type = request.resourceType();
    const decision = judgeResource({ url, type, method: request.method() }, this.#options.limits);
    if (decision.kind === 'refuse') return this.#refuse(url, decision.reason);
    if (decision.kind === 'nothing') {
      const cors = { 'access-control-allow-origin': '*' };
      return { status: decision.status, headers: { 'content-type': decision.contentType, ...cors }, body: '' };
    }
    const fetched = await this.#fetchResource({ url, headers: headersToSend(await request.allHeaders()) }, type);
    if (fetched === null) return null;
    if (isBinary(fetched)) return this.#refuse(url, `a text needs no ${fetched.headers['content-type']}`);
    return answerOf(fetched, type === 'script' ? 'text/javascript' : 'text/plain');
  }

  async #fetchResource(
    key: { url: string; headers: Record<string, string> },
    type: string,
  ): Promise<FetchedPage | null> {
    const { cache, requestsMax } = this.#options;
    try {
      const page = await this.#inLine(key.url, async () => {
        const cached = cache.find(key);
        if (cached) {
          this.counts.cached += 1;
          return cached;
        }
        if (this.counts.fetched >= requestsMax) return null;
        return await this.#fetch(key.url, key.headers, { isPart: true });
      });
      if (page === null) return this.#refuse(key.url, `a page may ask for ${requestsMax} things`);
      cache.keep(key, type, page);
      return page;
    } catch (error) {
      return this.#onFailure(key.url, error);
    }
  }

  async #fetch(url: string, headers: Record<string, string>, options: FetchPageOptions): Promise<FetchedPage> {
    const { fetcher, gapMs } = this.#options;
    this.counts.fetched += 1;
    const pace = gapMs === undefined ? {} : { gapMs };
    return await fetcher.fetchPage(url, { ...options, ...pace, headers }, this.#sessionFor(url));
  }

  /**
   * As many requests per host as it may have under way at once, in the order of the page: all of them together would not get
   * a slot of the host's pace within the time that a worker waits for one.
   */
  async #inLine<T>(url: string, work: () => Promise<T>): Promise<T> {
    const { session, deadline } = this.#options;
    // The signal is aborted at the deadline, so the wait always ends by it.
    const waitMaxMs = deadline - performance.now() + 10_000;
    const leave = await this.#line.enter(this.#hostKey(url), session.config.maxInflight, waitMaxMs, session.signal);
    try {
      return await work();
    } finally {
      leave?.();
    }
  }

  /** A host that is not the page's own is tried once, and the session never waits for it. */
  #sessionFor(url: string): FetchSession {
    const { session } = this.#options;
    if (this.#isOwnSite(url)) return session;
    return { ...session, config: { ...session.config, maxRetries: 0 }, noteHost: () => {} };
  }

  /** Parts of other sites may be missing; when the page's own host asks us to wait, the page waits for another time. */
  #onFailure(url: string, error: unknown): null {
    const { session } = this.#options;
    session.signal.throwIfAborted();
    if (!(error instanceof AppError) || !['skip-page', 'retry', 'snooze', 'fail'].includes(error.disposition))
      throw error;
    if (this.#isOwnSite(url)) {
      if (error.disposition === 'snooze') throw error;
      this.failure ??= error;
    }
    this.counts.failed += 1;
    session.log('debug', `The page goes without "${url}": ${error.message}`, { url, code: error.code });
    return null;
  }

  #refuse(url: string, reason: string): null {
    this.counts.refused += 1;
    this.#options.session.log('debug', `Not fetched for the page: "${url.slice(0, 500)}" (${reason})`);
    return null;
  }

  #isOwnSite(url: string): boolean {
    return this.#hostKey(url) === this.#options.limits.siteKey;
  }

  #hostKey(url: string): string {
    return hostKeyOf(new URL(url), this.#options.session.config.paceBy);
  }
}

/** Pop-ups and frames have documents too, which nobody reads. */
function isOwnDocument(request: Request, page: Page): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame() === page.mainFrame();
  } catch {
    // A window that has no frame yet: a pop-up.
    return false;
  }
}

function withoutFragment(url: string): string {
  return url.split('#', 1)[0] ?? url;
}
