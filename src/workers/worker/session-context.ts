import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import { CancelledError, ShutdownError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import type { CheckpointCounts, ScraperContext } from '#lib/scrapers/scraper-context.ts';
import type { EventPublisher } from '../events.ts';
import type { FetchSession } from '../fetch/fetch-session.ts';
import type { PageFetcher } from '../fetch/page-fetcher.ts';
import type { SessionLogWriter } from '../logs/session-log-writer.ts';
import type { RequestLogWriter } from '../pages/request-log-writer.ts';
import type { ReadPage } from '../pages/validator-store.ts';
import type { ParsePool } from '../parse/parse-pool.ts';
import type { PortalStore } from '../portal-store.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { PageRenderer } from '../render/page-renderer.ts';
import type { SpoolPort } from '../spool/session-spool.ts';
import type { ActiveSession } from './active-session.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { ProgressReporter } from './progress-reporter.ts';
import { withPatience } from './session-patience.ts';

export interface SessionContextDeps {
  workerId: string;
  queue: SessionQueue;
  portals: PortalStore;
  fetcher: Pick<PageFetcher, 'fetchPage'>;
  renderer: Pick<PageRenderer, 'renderPage'>;
  parsing: Pick<ParsePool, 'parse'>;
  events: EventPublisher;
  logs: SessionLogWriter;
  requests: RequestLogWriter;
  logger: Logger;
  /** False once the worker's lease is no longer safe: then nothing is written any more. */
  isLeaseSafe: () => boolean;
}

/** The ports of one session as the database sees it. `close` cuts them off: a scraper that goes on gets only errors. */
export interface SessionContext {
  context: ScraperContext;
  /** What makes the next requests of the pages read conditional; to be kept once the session's finds are saved. */
  pagesRead: readonly ReadPage[];
  /** The scrape is over: ends the requests that are still under way or in line. */
  close(): void;
}

/** Builds the ports of a claimed session. Every write is fenced by its claim. */
export function createSessionContext(
  deps: SessionContextDeps,
  active: ActiveSession,
  config: ScraperConfig,
  spool: SpoolPort,
): SessionContext {
  const { claimed, signal, stats } = active;
  const log = createSessionLog(deps, active);
  const progress = new ProgressReporter(async (latest) => {
    const answer = await deps.queue.saveFinds(claimed, { progress: latest, leads: [], watermarks: [] });
    deps.events.publish(['sessions'], [claimed.id]);
    if (answer.cancelRequested) active.abort(cancelledByPerson(claimed.id));
  });
  const pagesRead: ReadPage[] = [];
  const over = new AbortController();
  const fetchSession: FetchSession = {
    source: claimed.source,
    workerId: deps.workerId,
    sessionId: claimed.id,
    config,
    // A scrape may fail with requests under way or in line, which nobody wants any more: least of all a site that refuses.
    signal: AbortSignal.any([signal, over.signal]),
    stats,
    log,
    recordRequest: (request) =>
      deps.requests.write({ sessionId: claimed.id, claimNumber: claimed.claimNumber, ...request }),
    noteHost: (hostKey) => {
      active.lastHostKey = hostKey;
    },
    noteRead: (page) => void pagesRead.push(page),
  };
  // Reads try as long as writes do: a pause of the database is no fault of the session.
  const patiently = <T>(work: () => Promise<T>) => withPatience(deps, active, work);
  const checkpoints = new CheckpointWriter({ ...deps, spool, log }, active);
  const context: ScraperContext = {
    source: claimed.source,
    location: claimed.location,
    params: claimed.params,
    cursor: claimed.cursor,
    config,
    stats,
    signal,
    log,
    // The pace of hosts and robots.txt are in the database too.
    fetchPage: (url, options = {}) => patiently(() => deps.fetcher.fetchPage(url, options, fetchSession)),
    renderPage: (url, options = {}) => patiently(() => deps.renderer.renderPage(url, options, fetchSession)),
    parsePage: (page, parser, input) =>
      deps.parsing.parse(page, parser, input, { htmlParser: config.htmlParser, signal }),
    checkpoint: async (checkpoint) => {
      progress.supersede();
      const answer = await checkpoints.save(checkpoint);
      deps.events.publish(checkpoint.leads.length > 0 ? ['sessions', 'leads'] : ['sessions'], [claimed.id]);
      if (answer.cancelRequested) active.abort(cancelledByPerson(claimed.id));
      return { found: answer.found, fresh: answer.fresh } satisfies CheckpointCounts;
    },
    reportProgress: (latest) => progress.report(latest),
    listPortals: () => patiently(() => deps.portals.listEnabled(claimed.source)),
    findWatermark: (portalId, scope) => patiently(() => deps.portals.findWatermark(portalId, scope)),
  };
  const close = () => {
    over.abort(new ShutdownError('The scrape has ended'));
    progress.close();
  };
  return { context, pagesRead, close };
}

function createSessionLog(deps: SessionContextDeps, active: ActiveSession): ScraperContext['log'] {
  const { id: sessionId, claimNumber, source, location } = active.claimed;
  const logger = deps.logger.child({ source, sessionId, location });
  return (level: LogLevel, message: string, details?: Record<string, unknown>) => {
    logger[level](details ? { details } : {}, message);
    deps.logs.write({ sessionId, claimNumber, level, message, ...(details ? { details } : {}) });
  };
}

export function cancelledByPerson(sessionId: number): CancelledError {
  return new CancelledError('The session was cancelled', { context: { sessionId } });
}
