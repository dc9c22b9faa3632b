import PQueue from 'p-queue';
import type { SessionProgress } from '../db/schema/scraping-sessions.ts';
import type { LogLevel } from '../db/schema/vocabulary.ts';
import { InvalidInputError } from '../errors.ts';
import type { LeadDraft } from '../leads/lead.ts';
import type { ScrapeResult } from './scrape-result.ts';
import type {
  CheckpointCounts,
  FetchedPage,
  FetchPageOptions,
  RenderPageOptions,
  ScraperContext,
  WatermarkUpdate,
} from './scraper-context.ts';

const WARNINGS_MAX = 100;

export interface CheckpointExtras {
  progress?: SessionProgress;
  watermarks?: WatermarkUpdate[];
}

/**
 * The state of one `execute`: leads that wait for a checkpoint, the position of the last one, the request queue.
 * Checkpoints are saved one after the other in the order of their calls, so a cursor never moves back.
 */
export class ScrapeRun {
  readonly context: ScraperContext;
  readonly #requests: PQueue;
  readonly #startedAt = performance.now();
  readonly #warnings: string[] = [];
  #unsaved: LeadDraft[] = [];
  #cursor: unknown;
  #counts: CheckpointCounts = { found: 0, fresh: 0 };
  #progress: SessionProgress | undefined;
  #skipped: string | undefined;
  #isOver = false;
  #lastCheckpoint: Promise<unknown> = Promise.resolve();
  /** False while the counts of an earlier attempt are not known yet. */
  #countsKnown: boolean;

  constructor(context: ScraperContext, maxConcurrent: number) {
    this.context = context;
    this.#cursor = context.cursor;
    this.#countsKnown = context.cursor === null;
    this.#requests = new PQueue({ concurrency: maxConcurrent });
  }

  /** @throws the signal's reason as soon as it is aborted, also for requests that still wait for their turn. */
  async fetchPage(url: string, options?: FetchPageOptions): Promise<FetchedPage> {
    const { context } = this;
    context.signal.throwIfAborted();
    return await this.#request(() => context.fetchPage(url, options));
  }

  /** A turn like that of any other page. @throws InvalidInputError where the source may not use a browser. */
  async renderPage(url: string, options?: RenderPageOptions): Promise<FetchedPage> {
    const { context } = this;
    if (!context.config.renderPages) {
      throw new InvalidInputError(
        `The source "${context.source}" may not use a browser: set renderPages in its config`,
      );
    }
    context.signal.throwIfAborted();
    return await this.#request(() => context.renderPage(url, options));
  }

  /**
   * One request in its turn. After the end of the run it comes to nothing, since nobody waits for it any more: an error that
   * nobody handles would end the process.
   */
  async #request<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await this.#requests.add(send, { signal: this.context.signal });
    } catch (error) {
      if (!this.#isOver) throw error;
      return await new Promise<never>(() => {});
    }
  }

  emitLead(draft: LeadDraft): void {
    this.#unsaved.push(draft);
  }

  reportProgress(progress: SessionProgress): void {
    this.#progress = progress;
    this.context.reportProgress(progress);
  }

  log(level: LogLevel, message: string, details?: Record<string, unknown>): void {
    if (level === 'warn' && this.#warnings.length < WARNINGS_MAX) this.#warnings.push(message);
    this.context.log(level, message, details);
  }

  /** Notes that the rest was left out because robots.txt forbids it. */
  skip(reason: string): void {
    this.#skipped = reason;
    this.log('warn', reason);
  }

  /** Saves all leads emitted so far together with the position; a failed one keeps its leads for the next. */
  checkpoint(cursor: unknown, extras: CheckpointExtras = {}): Promise<CheckpointCounts> {
    const saved = this.#lastCheckpoint.then(() => this.#save(cursor, extras));
    this.#lastCheckpoint = saved.catch(() => {});
    return saved;
  }

  async #save(cursor: unknown, extras: CheckpointExtras): Promise<CheckpointCounts> {
    this.context.signal.throwIfAborted();
    const leads = this.#unsaved;
    this.#unsaved = [];
    if (extras.progress) this.#progress = extras.progress;
    try {
      this.#counts = await this.context.checkpoint({
        leads,
        cursor,
        ...(this.#progress ? { progress: this.#progress } : {}),
        ...(extras.watermarks ? { watermarks: extras.watermarks } : {}),
      });
    } catch (error) {
      this.#unsaved = [...leads, ...this.#unsaved];
      throw error;
    }
    this.#cursor = cursor;
    this.#countsKnown = true;
    return this.#counts;
  }

  /** The last checkpoint, for whatever was emitted after the scraper's own one; its position stays. */
  async finish(): Promise<Omit<ScrapeResult, 'leads'>> {
    await this.#lastCheckpoint;
    if (this.#unsaved.length > 0 || !this.#countsKnown) await this.checkpoint(this.#cursor);
    return {
      source: this.context.source,
      location: this.context.location,
      totalLeads: this.#counts.found,
      newLeads: this.#counts.fresh,
      requests: { ...this.context.stats },
      durationMs: Math.round(performance.now() - this.#startedAt),
      ...(this.#progress ? { progress: this.#progress } : {}),
      ...(this.#skipped ? { skipped: this.#skipped } : {}),
      warnings: this.#warnings,
    };
  }

  /** Drops the requests that still wait. Those under way are ended by whoever made the context, and come to nothing. */
  close(): void {
    this.#isOver = true;
    this.#requests.clear();
  }
}
