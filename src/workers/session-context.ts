import type { Db } from '#lib/db/create-db.ts';
import type { LogLevel } from '#lib/db/schema/vocabulary.ts';
import { CancelledError, DatabaseUnavailableError, LeaseLostError } from '#lib/errors.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import type { Logger } from '#lib/logger.ts';
import { listEnabledPortals } from '#lib/portals/list-enabled-portals.ts';
import type { ScraperConfig } from '#lib/scraper-config.ts';
import type { Checkpoint, CheckpointCounts, ScraperContext } from '#lib/scrapers/scraper-context.ts';
import type { ActiveSession } from './active-session.ts';
import { isDatabaseOutage, withDatabaseRetry } from './database-retry.ts';
import type { EventPublisher } from './events.ts';
import type { FetchSession } from './fetch/fetch-session.ts';
import type { PageFetcher } from './fetch/page-fetcher.ts';
import type { SessionLogWriter } from './logs/session-log-writer.ts';
import type { RequestLogWriter } from './pages/request-log-writer.ts';
import type { ReadPage } from './pages/validator-store.ts';
import type { ParsePool } from './parse/parse-pool.ts';
import { findWatermark, moveWatermarks } from './portal-store.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { CheckpointAnswer, JobQueue } from './queue/job-queue.ts';
import type { PageRenderer } from './render/page-renderer.ts';

export interface SessionContextDeps {
  workerId: string;
  db: Db;
  queue: JobQueue;
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
  close(): void;
}

/** Builds the ports of a claimed session. Every write is fenced by its claim. */
export function createSessionContext(
  deps: SessionContextDeps,
  active: ActiveSession,
  config: ScraperConfig,
): SessionContext {
  const { claimed, signal, stats } = active;
  const log = createSessionLog(deps, active);
  const progress = new ProgressReporter(async (latest) => {
    const answer = await deps.queue.checkpoint(claimed, { progress: latest });
    deps.events.publish(['sessions'], [claimed.id]);
    if (answer.cancelRequested) active.abort(cancelledByPerson(claimed.id));
  });
  const pagesRead: ReadPage[] = [];
  const fetchSession: FetchSession = {
    source: claimed.source,
    workerId: deps.workerId,
    sessionId: claimed.id,
    config,
    signal,
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
      const answer = await patiently(() => saveCheckpoint(deps, active, checkpoint, log));
      deps.events.publish(checkpoint.leads.length > 0 ? ['sessions', 'leads'] : ['sessions'], [claimed.id]);
      if (answer.cancelRequested) active.abort(cancelledByPerson(claimed.id));
      return { found: answer.found, fresh: answer.fresh } satisfies CheckpointCounts;
    },
    reportProgress: (latest) => progress.report(latest),
    listPortals: () => patiently(() => listEnabledPortals(deps.db, claimed.source)),
    findWatermark: (portalId, scope) => patiently(() => findWatermark(deps.db, portalId, scope)),
  };
  return { context, pagesRead, close: () => progress.close() };
}

async function saveCheckpoint(
  deps: SessionContextDeps,
  active: ActiveSession,
  checkpoint: Checkpoint,
  log: ScraperContext['log'],
): Promise<CheckpointAnswer> {
  const { claimed } = active;
  const leads = normalizeAll(checkpoint, claimed.source, log);
  const patch = { cursor: checkpoint.cursor, progress: checkpoint.progress };
  return await deps.queue.checkpoint(claimed, patch, async (tx) => {
    const saved = await saveLeads(tx, leads, {
      sessionId: claimed.id,
      batchId: claimed.batchId,
      location: claimed.location,
    });
    await moveWatermarks(tx, claimed.id, checkpoint.watermarks ?? []);
    return { found: saved.found, fresh: saved.fresh };
  });
}

function normalizeAll(checkpoint: Checkpoint, source: string, log: ScraperContext['log']): NormalizedLead[] {
  const now = new Date();
  const leads: NormalizedLead[] = [];
  for (const draft of checkpoint.leads) {
    const lead = normalizeLead(draft, { source, now });
    if ('rejected' in lead) {
      log('debug', `Row "${draft.sourceRowId}" of "${draft.portal}" is no lead: ${lead.rejected}`);
    } else leads.push(lead);
  }
  return leads;
}

/**
 * Tries as long as the database is away and the lease is safe; then the session is given up, and another attempt goes on
 * from its last checkpoint.
 */
async function withPatience<T>(deps: SessionContextDeps, active: ActiveSession, work: () => Promise<T>): Promise<T> {
  active.signal.throwIfAborted();
  try {
    return await withDatabaseRetry(work, {
      signal: active.signal,
      mayContinue: () => deps.isLeaseSafe() && !active.signal.aborted,
      onRetry: (error, attempt) =>
        deps.logger.warn({ sessionId: active.claimed.id, attempt, err: error }, 'The database is away; trying again'),
    });
  } catch (error) {
    active.signal.throwIfAborted();
    if (error instanceof LeaseLostError) active.abort(error);
    if (!isDatabaseOutage(error)) throw error;
    throw new DatabaseUnavailableError('The database was away until the lease ran out', { cause: error });
  }
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
