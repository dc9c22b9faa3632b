import { setTimeout as wait } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { AppError, FetchTimeoutError, LayoutChangedError, NetworkError, UnusableBodyError } from '#lib/errors.ts';
import { hostKeyOf } from '#lib/net/host-key.ts';
import type { FetchedPage, RenderPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { FetchSession } from '../fetch/fetch-session.ts';
import type { PageFetcher } from '../fetch/page-fetcher.ts';
import type { BrowserLease } from './browser-keeper.ts';
import { orAborted } from './or-aborted.ts';
import { PageReader, type PageReading } from './page-reader.ts';
import { PageRequests } from './page-requests.ts';
import type { ResourceCache } from './resource-cache.ts';

export interface RenderingParts {
  fetcher: Pick<PageFetcher, 'fetchPage'>;
  cache: ResourceCache;
  userAgent: string;
}

const TIMEOUT_MS = 60_000;
const REQUESTS_MAX = 30;
const TEXT_MAX_CHARS = 10_485_760;
const CLOSE_MAX_MS = 3_000;
const LOOK_EVERY_MS = 25;
/** Without a request for so long, a page is taken for finished. */
const REST_MS = 500;
/** How often a page that goes on while it is read is read again. */
const READS_MAX = 3;

/** One page in the browser, from its fetched document to the text that its scripts have made of it. */
export class Rendering {
  readonly #parts: RenderingParts;
  readonly #document: FetchedPage;
  readonly #options: RenderPageOptions;
  readonly #session: FetchSession;
  readonly #lease: BrowserLease;
  readonly #ending = new AbortController();
  readonly #requests: PageRequests;
  readonly #timer: NodeJS.Timeout;
  #opening: Promise<BrowserContext> | null = null;
  #hasLoaded = false;

  constructor(
    parts: RenderingParts,
    lease: BrowserLease,
    document: FetchedPage,
    options: RenderPageOptions,
    session: FetchSession,
  ) {
    this.#parts = parts;
    this.#lease = lease;
    this.#document = document;
    this.#options = options;
    this.#session = session;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#timer = setTimeout(() => this.#end(this.#timeoutError(timeoutMs)), timeoutMs);
    this.#requests = new PageRequests({
      fetcher: parts.fetcher,
      cache: parts.cache,
      session: { ...session, signal: this.#ending.signal },
      document,
      limits: {
        siteKey: hostKeyOf(new URL(document.finalUrl), session.config.paceBy),
        hosts: options.hosts ?? null,
      },
      gapMs: options.gapMs,
      requestsMax: options.requestsMax ?? REQUESTS_MAX,
      deadline: performance.now() + timeoutMs,
      end: (error) => this.#end(error),
    });
  }

  get requests(): PageRequests {
    return this.#requests;
  }

  /**
   * Shows the page and reads it.
   * @throws the errors of the fetch stack for documents, of the session's signal, FetchTimeoutError, LayoutChangedError where the selector never
   *   came, UnusableBodyError for what is no page or too large a one, and NetworkError when the browser broke.
   */
  async run(): Promise<FetchedPage> {
    const { signal } = this.#ending;
    const onAbort = () => this.#end(this.#session.signal.reason);
    const onLost = () => this.#end(this.#brokenError('it ended'));
    this.#session.signal.addEventListener('abort', onAbort, { once: true });
    this.#lease.browser.once('disconnected', onLost);
    try {
      this.#session.signal.throwIfAborted();
      return await orAborted(this.#show(), signal);
    } finally {
      this.#session.signal.removeEventListener('abort', onAbort);
      this.#lease.browser.off('disconnected', onLost);
      clearTimeout(this.#timer);
      this.#end(new NetworkError('The page is closed'));
    }
  }

  /** Closes the page; a browser that does not do so in time is ended. */
  async close(): Promise<void> {
    const closed = this.#opening?.then((context) => context.close()).catch(() => {}) ?? Promise.resolve();
    const isClosed = await Promise.race([closed.then(() => true), wait(CLOSE_MAX_MS, false, { ref: false })]);
    if (!isClosed) this.#lease.kill();
  }

  async #show(): Promise<FetchedPage> {
    this.#opening = this.#lease.browser.newContext({
      userAgent: this.#parts.userAgent,
      serviceWorkers: 'block',
      acceptDownloads: false,
    });
    const context = await this.#opening;
    const page = await context.newPage();
    page.once('crash', () => this.#end(this.#brokenError('the page made it crash')));
    page.once('load', () => {
      this.#hasLoaded = true;
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.#requests.noteShown(frame.url());
    });
    context.on('page', (popup) => void popup.close().catch(() => {}));
    await context.route(
      () => true,
      (route) => this.#requests.answer(route, page),
    );
    await this.#open(page);
    const reader = new PageReader(await context.newCDPSession(page));
    do await this.#waitFor(page, reader);
    while (await this.#hasMovedOn());
    return await this.#read(reader);
  }

  async #open(page: Page): Promise<void> {
    try {
      await page.goto(this.#address, { waitUntil: 'commit', timeout: 0 });
    } catch (cause) {
      // What broke or ended it has been said already; else the document is nothing that a browser shows.
      this.#ending.signal.throwIfAborted();
      throw new UnusableBodyError(`"${this.#document.finalUrl}" is not a page that a browser shows`, {
        context: { url: this.#document.url, contentType: this.#document.headers['content-type'] },
        cause,
      });
    }
  }

  /** Redirects drop the fragment, by which a page may know what to show (RFC 9110 section 10.2.2 keeps it). */
  get #address(): string {
    const address = new URL(this.#document.finalUrl);
    if (address.hash === '') address.hash = new URL(this.#document.url).hash;
    return address.href;
  }

  async #waitFor(page: Page, reader: PageReader): Promise<void> {
    const { waitFor = 'load' } = this.#options;
    if (typeof waitFor === 'object') {
      await page.waitForSelector(`css=${waitFor.selector}`, { state: 'attached', timeout: 0 });
      return;
    }
    await this.#waitForLoad(reader);
    if (waitFor === 'idle') await this.#waitForRest();
  }

  /** Not by the load event, which a page does not get that tried to send a form meanwhile. */
  async #waitForLoad(reader: PageReader): Promise<void> {
    while (!(await reader.isLoaded().catch(() => false))) await this.#pause();
  }

  async #waitForRest(): Promise<void> {
    let restless = performance.now();
    while (performance.now() - restless < REST_MS) {
      await this.#pause();
      if (this.#requests.pending > 0) restless = performance.now();
    }
  }

  /** Waits until a document that scripts have led to is there; false when there is none. */
  async #hasMovedOn(): Promise<boolean> {
    if (!this.#requests.isMovingOn) return false;
    while (this.#requests.isMovingOn) await this.#pause();
    return true;
  }

  async #pause(): Promise<void> {
    await wait(LOOK_EVERY_MS, undefined, { signal: this.#ending.signal });
  }

  async #read(reader: PageReader): Promise<FetchedPage> {
    for (let reads = 1; ; reads += 1) {
      try {
        return this.#toPage(await reader.read(TEXT_MAX_CHARS));
      } catch (error) {
        // The page went on to another one meanwhile.
        if (error instanceof AppError || reads >= READS_MAX) throw error;
        await this.#waitForLoad(reader);
      }
    }
  }

  #toPage({ text, url }: PageReading): FetchedPage {
    const { document } = this.#requests;
    if (text === null) {
      throw new UnusableBodyError(`"${document.finalUrl}" grew beyond ${TEXT_MAX_CHARS} characters in the browser`, {
        context: { url: this.#document.url },
      });
    }
    return {
      ...document,
      url: this.#document.url,
      finalUrl: /^https?:/.test(url) ? url : document.finalUrl,
      text,
      bytes: Buffer.byteLength(text),
      fetchedAt: new Date(),
    };
  }

  /** The first end counts. */
  #end(error: unknown): void {
    this.#ending.abort(error);
  }

  /** A page that has come to rest without what it should show has changed; one that still waits for something is late. */
  #timeoutError(timeoutMs: number): AppError {
    const { waitFor } = this.#options;
    const { failure, pending } = this.#requests;
    const context = { url: this.#document.url, timeoutMs, pending, ...this.#requests.counts };
    if (failure) return failure;
    if (typeof waitFor === 'object' && this.#hasLoaded && pending === 0) {
      return new LayoutChangedError(`"${this.#document.url}" never showed "${waitFor.selector}"`, { context });
    }
    return new FetchTimeoutError(`"${this.#document.url}" was not ready in the browser within ${timeoutMs} ms`, {
      context,
    });
  }

  #brokenError(reason: string): NetworkError {
    return new NetworkError(`The browser broke while it showed "${this.#document.url}": ${reason}`, {
      context: { url: this.#document.url },
    });
  }
}
