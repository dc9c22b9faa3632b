import type { SessionProgress } from '../db/schema/scraping-sessions.ts';
import { LayoutChangedError, RobotsDisallowedError } from '../errors.ts';
import { invariant } from '../invariant.ts';
import { extractEmails, extractPhones } from '../leads/extract-contacts.ts';
import type { LeadDraft } from '../leads/lead.ts';
import {
  isSourceName,
  type ScraperConfig,
  type ScraperConfigInput,
  SOURCES,
  scraperConfigSchema,
} from '../scraper-config.ts';
import { cleanText } from './clean-text.ts';
import type { PageParser } from './page-parser.ts';
import type { ScrapeResult } from './scrape-result.ts';
import { type CheckpointExtras, ScrapeRun } from './scrape-run.ts';
import type {
  CheckpointCounts,
  FetchedPage,
  FetchPageOptions,
  RenderPageOptions,
  ScraperContext,
} from './scraper-context.ts';

export interface ExecuteOptions {
  /** The world as the runner gives it. Without it the scraper runs stand-alone: no database, leads in the result. */
  context?: ScraperContext;
  /** Stand-alone only; a context brings its own. */
  params?: Record<string, unknown>;
  /** Stand-alone only; a context brings its own. */
  signal?: AbortSignal;
}

/**
 * What every scraper is. A subclass names its source and says in `scrape` which pages to visit and what they hold:
 * `makeRequest`, `emitLead` for every find, `checkpoint` after every page. Robots rules, pace, retries, proxies, saving and
 * resuming are the context's business.
 */
export abstract class BaseScraper {
  /** The source it reads; one that is registered in SOURCES brings the defaults of its config from there. */
  abstract readonly source: string;
  readonly #overrides: ScraperConfigInput;
  #run: ScrapeRun | null = null;

  constructor(config: ScraperConfigInput = {}) {
    this.#overrides = config;
  }

  /** The source's defaults with what the constructor was given on top. */
  get config(): ScraperConfig {
    const registered = isSourceName(this.source) ? SOURCES[this.source].config : {};
    return scraperConfigSchema.parse({ ...registered, ...this.#overrides });
  }

  /**
   * Scrapes one location. Without `context` it works stand-alone and returns the leads; with one they are saved through it.
   * @throws what `scrape` threw, unchanged; the signal's reason when it was aborted.
   */
  async execute(location: string, options: ExecuteOptions = {}): Promise<ScrapeResult> {
    invariant(this.#run === null, 'one scraper object runs one location at a time; make another object');
    if (options.context) return { ...(await this.#executeWith(options.context, location)), leads: [] };
    const { createStandaloneContext } = await import('#workers/standalone-context.ts');
    const standalone = await createStandaloneContext({ scraper: this, location, ...options });
    try {
      const result = await this.#executeWith(standalone.context, location);
      return { ...result, leads: standalone.context.leads };
    } finally {
      await standalone.close();
    }
  }

  async #executeWith(context: ScraperContext, location: string): Promise<Omit<ScrapeResult, 'leads'>> {
    const run = new ScrapeRun(context, this.config.maxConcurrent);
    this.#run = run;
    try {
      context.signal.throwIfAborted();
      await this.scrape(location).catch((error: unknown) => {
        // The site does not want this page to be read, which is an answer, not a failure: what was found before it counts.
        if (!(error instanceof RobotsDisallowedError)) throw error;
        run.skip(error.message);
      });
      return await run.finish();
    } finally {
      this.#run = null;
      run.close();
    }
  }

  /** Visits the pages of one location. `cursor` says where an earlier attempt got to, null on a first one. */
  protected abstract scrape(location: string): Promise<void>;

  /** Fetches one page politely: robots.txt, pace, retries and limits apply. At most `config.maxConcurrent` at once. */
  protected fetchPage(url: string, options?: FetchPageOptions): Promise<FetchedPage> {
    return this.#active.fetchPage(url, options);
  }

  /**
   * The page as a browser shows it, for sites whose pages are built by scripts: everything that it asks for obeys the same rules as
   * `fetchPage`. Slow, so only where the data cannot be asked for itself; the source's config must say `renderPages: true`.
   */
  protected renderPage(url: string, options?: RenderPageOptions): Promise<FetchedPage> {
    return this.#active.renderPage(url, options);
  }

  /** The page as text, or parsed with `{ as: 'json' }`. */
  protected makeRequest(url: string, options?: FetchPageOptions & { as?: 'text' }): Promise<string>;
  protected makeRequest<Json = unknown>(url: string, options: FetchPageOptions & { as: 'json' }): Promise<Json>;
  protected async makeRequest(
    url: string,
    options: FetchPageOptions & { as?: 'text' | 'json' } = {},
  ): Promise<unknown> {
    const { as = 'text', ...rest } = options;
    const page = await this.fetchPage(url, rest);
    return as === 'json' ? parseJson(page) : page.text;
  }

  /**
   * What `parser` makes of the page: its markup is read in a thread that is stopped when it takes too long.
   * @throws ParseLimitError for a page that may not be parsed (skip it), PageParseError when the parser breaks.
   */
  protected parsePage<Output>(page: FetchedPage, parser: PageParser<Output>): Promise<Output>;
  protected parsePage<Output, Input>(
    page: FetchedPage,
    parser: PageParser<Output, Input>,
    input: Input,
  ): Promise<Output>;
  protected async parsePage(
    page: FetchedPage,
    parser: PageParser<unknown, unknown>,
    input?: unknown,
  ): Promise<unknown> {
    invariant(!page.notModified, `"${page.url}" has not changed, so there is no text of it to parse`);
    return await this.context.parsePage(page, parser, input);
  }

  /** The page parsed as JSON. @throws LayoutChangedError when the body is something else. */
  protected makeJsonRequest<Json = unknown>(url: string, options: FetchPageOptions = {}): Promise<Json> {
    return this.makeRequest<Json>(url, { ...options, as: 'json' });
  }

  /** The first e-mail address in the first million characters, obfuscated ones included; null where there is none. */
  protected extractEmail(text: string): string | null {
    return extractEmails(text.slice(0, CONTACT_TEXT_MAX))[0] ?? null;
  }

  /** The first phone number in the first million characters, in E.164; null where there is none. */
  protected extractPhone(text: string): string | null {
    return extractPhones(text.slice(0, CONTACT_TEXT_MAX))[0]?.e164 ?? null;
  }

  /** One line without invisible characters or doubled spaces. */
  protected cleanText(text: string): string {
    return cleanText(text);
  }

  protected logDebug(message: string, details?: Record<string, unknown>): void {
    this.#active.log('debug', message, details);
  }

  protected logInfo(message: string, details?: Record<string, unknown>): void {
    this.#active.log('info', message, details);
  }

  /** Also kept in the result's `warnings`. */
  protected logWarn(message: string, details?: Record<string, unknown>): void {
    this.#active.log('warn', message, details);
  }

  protected logError(message: string, details?: Record<string, unknown>): void {
    this.#active.log('error', message, details);
  }

  /** Hands over a find. It is saved by the next `checkpoint` (the end of `scrape` is one). */
  protected emitLead(draft: LeadDraft): void {
    this.#active.emitLead(draft);
  }

  /** Saves the leads so far and the position in one transaction: what a next attempt resumes from. */
  protected checkpoint(cursor: unknown, extras: CheckpointExtras = {}): Promise<CheckpointCounts> {
    return this.#active.checkpoint(cursor, extras);
  }

  /** Tells people where the session is. */
  protected reportProgress(progress: SessionProgress): void {
    this.#active.reportProgress(progress);
  }

  /** Aborted when the session must end; pass it to whatever waits. */
  protected get signal(): AbortSignal {
    return this.context.signal;
  }

  protected get params(): Record<string, unknown> {
    return this.context.params;
  }

  /** What the last checkpoint of an earlier attempt saved; null on a first attempt. */
  protected get cursor(): unknown {
    return this.context.cursor;
  }

  protected get context(): ScraperContext {
    return this.#active.context;
  }

  get #active(): ScrapeRun {
    invariant(this.#run, 'this member of a scraper works only while execute() runs');
    return this.#run;
  }
}

/** Reading so many characters for contacts takes a fifth of a second, in the main thread. */
const CONTACT_TEXT_MAX = 1_000_000;

/** How much of an unusable body an error shows. */
const SAMPLE_CHARACTERS = 200;

function parseJson(page: FetchedPage): unknown {
  try {
    return JSON.parse(page.text);
  } catch (cause) {
    throw new LayoutChangedError(`"${page.url}" answered with something that is not JSON`, {
      context: { sample: page.text.slice(0, SAMPLE_CHARACTERS), contentType: page.headers['content-type'] },
      cause,
    });
  }
}
