import type { SessionProgress } from '../db/schema/scraping-sessions.ts';
import type { LogLevel } from '../db/schema/vocabulary.ts';
import { PageGoneError } from '../errors.ts';
import type { LeadDraft } from '../leads/lead.ts';
import type { Portal } from '../portals/portal.ts';
import { type ScraperConfig, type ScraperConfigInput, scraperConfigSchema } from '../scraper-config.ts';
import type { PageParser } from './page-parser.ts';
import type {
  Checkpoint,
  CheckpointCounts,
  FetchedPage,
  FetchPageOptions,
  RenderPageOptions,
  RequestStats,
  ScraperContext,
} from './scraper-context.ts';

export interface MemoryContextOptions {
  source?: string;
  location?: string;
  params?: Record<string, unknown>;
  config?: ScraperConfigInput | ScraperConfig;
  cursor?: unknown;
  signal?: AbortSignal;
  portals?: Portal[];
  /** Read positions of earlier runs, keyed by `watermarkKey`. */
  watermarks?: Map<string, Date>;
  stats?: RequestStats;
  /** Bodies by address, for tests; every other address is gone (404). Ignored where `fetchPage` is given. */
  pages?: Record<string, string>;
  fetchPage?: (url: string, options: FetchPageOptions | undefined, context: ScraperContext) => Promise<FetchedPage>;
  /** Rendered pages are those of `pages` or `fetchPage` unless given. */
  renderPage?: (url: string, options: RenderPageOptions | undefined, context: ScraperContext) => Promise<FetchedPage>;
  /** Pages are parsed in the same thread unless given: tests trust their own pages. */
  parsePage?: ScraperContext['parsePage'];
  onLog?: (level: LogLevel, message: string, details?: Record<string, unknown>) => void;
}

/** A context that keeps everything, open for reading afterwards. */
export interface MemoryContext extends ScraperContext {
  /** Saved leads, each once: the same row and contact again replaces nothing. */
  readonly leads: LeadDraft[];
  readonly checkpoints: Checkpoint[];
  readonly progress: SessionProgress[];
  readonly logs: { level: LogLevel; message: string; details?: Record<string, unknown> }[];
  readonly watermarks: Map<string, Date>;
}

export const watermarkKey = (portalId: string, scope: string): string => JSON.stringify([portalId, scope]);

/**
 * The ports of a scraper without database or network of its own: stand-alone use puts a real page fetcher behind it,
 * a unit test of a scraper puts pages there.
 */
export function createMemoryContext(options: MemoryContextOptions = {}): MemoryContext {
  const leads = new Map<string, LeadDraft>();
  const stats = options.stats ?? { requestsMade: 0, requestsFailed: 0, bytesReceived: 0 };
  const watermarks = options.watermarks ?? new Map<string, Date>();
  const fetchPage = options.fetchPage ?? pagesFromMemory(options.pages ?? {}, stats);
  const context: MemoryContext = {
    source: options.source ?? 'permits',
    location: options.location ?? '',
    params: options.params ?? {},
    config: scraperConfigSchema.parse(options.config ?? {}),
    cursor: options.cursor ?? null,
    signal: options.signal ?? new AbortController().signal,
    stats,
    checkpoints: [],
    progress: [],
    logs: [],
    watermarks,
    get leads() {
      return [...leads.values()];
    },
    fetchPage: (url, pageOptions) => fetchPage(url, pageOptions, context),
    renderPage: (url, pageOptions) =>
      options.renderPage?.(url, pageOptions, context) ?? fetchPage(url, undefined, context),
    parsePage:
      options.parsePage ?? ((page, parser, input) => parseHere(page, parser, input, context.config.htmlParser)),
    checkpoint: async (checkpoint) => {
      context.checkpoints.push(checkpoint);
      for (const draft of checkpoint.leads) addOnce(leads, draft);
      for (const mark of checkpoint.watermarks ?? []) {
        watermarks.set(watermarkKey(mark.portalId, mark.scope), mark.readUntil);
      }
      return { found: leads.size, fresh: leads.size } satisfies CheckpointCounts;
    },
    reportProgress: (progress) => void context.progress.push(progress),
    log(level, message, details) {
      context.logs.push({ level, message, ...(details ? { details } : {}) });
      options.onLog?.(level, message, details);
    },
    listPortals: async () => (options.portals ?? []).filter((portal) => portal.enabled),
    findWatermark: async (portalId, scope) => watermarks.get(watermarkKey(portalId, scope)) ?? null,
  };
  return context;
}

/** Loaded only when a page is parsed: most scrapers read JSON. */
async function parseHere<Output, Input>(
  page: FetchedPage,
  parser: PageParser<Output, Input>,
  input: Input,
  htmlParser: ScraperConfig['htmlParser'],
): Promise<Output> {
  const parsing = await import('#workers/parse/parse-here.ts');
  return await parsing.parseHere(page, parser, input, htmlParser);
}

function addOnce(leads: Map<string, LeadDraft>, draft: LeadDraft): void {
  const key = JSON.stringify([draft.portal, draft.sourceRowId, draft.contactKey ?? '']);
  if (!leads.has(key)) leads.set(key, draft);
}

function pagesFromMemory(pages: Record<string, string>, stats: RequestStats) {
  return async (url: string): Promise<FetchedPage> => {
    stats.requestsMade += 1;
    const text = pages[url];
    if (text === undefined) {
      stats.requestsFailed += 1;
      throw new PageGoneError(`"${url}" is not there (404)`, { context: { url } });
    }
    stats.bytesReceived += Buffer.byteLength(text);
    return {
      url,
      finalUrl: url,
      status: 200,
      headers: {},
      text,
      notModified: false,
      bytes: Buffer.byteLength(text),
      durationMs: 0,
      fetchedAt: new Date(),
    };
  };
}
