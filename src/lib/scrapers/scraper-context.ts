import type { SessionProgress } from '../db/schema/scraping-sessions.ts';
import type { LogLevel } from '../db/schema/vocabulary.ts';
import type { LeadDraft } from '../leads/lead.ts';
import type { Portal } from '../portals/portal.ts';
import type { ScraperConfig } from '../scraper-config.ts';
import type { PageParser } from './page-parser.ts';

/** What a scraper may ask of a page. */
export interface FetchPageOptions {
  method?: 'GET' | 'POST';
  /** A form body; sent as application/x-www-form-urlencoded. */
  form?: Record<string, string>;
  headers?: Record<string, string>;
  /** Smallest gap in ms to the previous request on this host; the config's rateLimit unless given. */
  gapMs?: number;
  /**
   * Looks at a decoded body with status 200 that is really an error (ArcGIS and CKAN do this). Returning a verdict makes
   * the fetch stack treat the page as that outcome, retries included.
   */
  inspectBody?: (text: string) => BodyVerdict;
  /** What tells a page with results, and one that truly has none, from a block page or a changed layout. */
  expect?: PageExpectation;
  /**
   * Asks only for what has changed since the last complete read by the same `parserVersion`; an unchanged page comes with
   * `notModified` and without text.
   */
  conditional?: boolean;
  /** A part of a page, such as a script or its data: judged by its status alone, not by its looks. */
  isPart?: boolean;
}

/** What a scraper may ask of a page that scripts build in a browser. */
export interface RenderPageOptions {
  /**
   * When the page is ready to be read: after its load event (the default), half a second after the last request, or as soon as an
   * element of this CSS selector is on it.
   */
  waitFor?: 'load' | 'idle' | { selector: string };
  /**
   * Longest time in ms from the arrival of the document until the page is ready; 60 s unless given. Each request that the page
   * makes waits for its host's pace meanwhile.
   */
  timeoutMs?: number;
  /** Requests that the page may make, beside its document; 30 unless given. Further ones are refused. */
  requestsMax?: number;
  /** Hosts beside the page's own site that may be asked, such as `cdn.example.com`; all unless given. */
  hosts?: readonly string[];
  /** Headers of the request for the document. */
  headers?: Record<string, string>;
  /** Smallest gap in ms between two requests on one host; the config's rateLimit unless given. */
  gapMs?: number;
  /** Looked for in the page as scripts have made it. */
  expect?: PageExpectation;
}

/** Plain pieces of markup, compared as they are; any one of a list is enough. */
export interface PageExpectation {
  /** On every page with results. */
  results: readonly string[];
  /** On a page that says that there is nothing. */
  empty?: readonly string[];
}

/** What `inspectBody` found. `retry`: worth another try; `throttled`: like 429; `refused`: final. */
export type BodyVerdict =
  | { kind: 'ok' }
  | { kind: 'retry' | 'throttled' | 'refused'; reason: string; retryAfterMs?: number };

/** A page that may be parsed: status 2xx, complete, decoded to text. */
export interface FetchedPage {
  /** The address asked for. */
  url: string;
  /** The address that answered, after redirects. */
  finalUrl: string;
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  text: string;
  /** Only after a conditional request: the page is as it was, and its text is empty. */
  notModified: boolean;
  /** Decoded size. */
  bytes: number;
  durationMs: number;
  fetchedAt: Date;
}

/** Counters of one attempt, filled by the fetch stack. */
export interface RequestStats {
  requestsMade: number;
  requestsFailed: number;
  bytesReceived: number;
  /** The proxy of the last request that went through one, as `host:port`. */
  proxyUsed?: string;
}

/** Leads and position that are saved together, or not at all. */
export interface Checkpoint {
  leads: LeadDraft[];
  /** Where a next attempt resumes; any JSON. */
  cursor: unknown;
  progress?: SessionProgress;
  /** Portals that were read to their end: watermarks that move in the same transaction. */
  watermarks?: WatermarkUpdate[];
}

export interface WatermarkUpdate {
  portalId: string;
  scope: string;
  readUntil: Date;
}

export interface CheckpointCounts {
  /** Leads of this session so far, each once. */
  found: number;
  /** Of these, never seen before by any session. */
  fresh: number;
}

/**
 * The ports through which a scraper sees the world. The runner gives it ones that write to the database; stand-alone use
 * gives it ones that keep everything in memory. A scraper never knows which.
 */
export interface ScraperContext {
  readonly source: string;
  readonly location: string;
  readonly params: Record<string, unknown>;
  readonly config: ScraperConfig;
  /** What the last checkpoint of an earlier attempt saved; null on a first attempt. */
  readonly cursor: unknown;
  readonly stats: RequestStats;
  /** Aborted on cancel, time-out, shutdown and a lost lease; its reason is an AppError. */
  readonly signal: AbortSignal;
  fetchPage(url: string, options?: FetchPageOptions): Promise<FetchedPage>;
  /** The page as its scripts have made it in a browser. Only sources with `renderPages` in their config may ask for it. */
  renderPage(url: string, options?: RenderPageOptions): Promise<FetchedPage>;
  /** Runs a parser on a page, off the main thread, within the limits on nesting, size, time and memory. */
  parsePage<Output, Input>(page: FetchedPage, parser: PageParser<Output, Input>, input: Input): Promise<Output>;
  checkpoint(checkpoint: Checkpoint): Promise<CheckpointCounts>;
  /** Shows how far the session is, soon and without waiting; what a checkpoint carries is saved with its leads instead. */
  reportProgress(progress: SessionProgress): void;
  log(level: LogLevel, message: string, details?: Record<string, unknown>): void;
  /** The enabled portals of this source. */
  listPortals(): Promise<Portal[]>;
  /** How far a portal has been read for a scope; null when never. */
  findWatermark(portalId: string, scope: string): Promise<Date | null>;
}
