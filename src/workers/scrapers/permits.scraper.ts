import { type AppError, InvalidInputError } from '#lib/errors.ts';
import { type PermitParams, permitParamsSchema, watermarkScope } from '#lib/portals/permit-params.ts';
import type { Portal } from '#lib/portals/portal.ts';
import { resolveLocation } from '#lib/portals/resolve-location.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import type { WatermarkUpdate } from '#lib/scrapers/scraper-context.ts';
import { createDialect } from './permits/dialects/create-dialect.ts';
import type { Dialect } from './permits/dialects/dialect.ts';
import { type RowPage, WALK_START, walkPages } from './permits/page-walk.ts';
import { leadsOfRow } from './permits/permit-leads.ts';
import { judgeFailure } from './permits/portal-failure.ts';
import { laterDate, nextWatermark, windowStart } from './permits/reading-window.ts';
import { NEW_PORTAL, type PortalState, parseCursor, progressOf, type SessionCursor } from './permits/session-cursor.ts';
import { type PortalFailure, reopenFailed, settleSession } from './permits/session-end.ts';

/** What one session works on; `cursor` is the one mutable thing and is saved with every page. */
interface PermitRun {
  location: string;
  params: PermitParams;
  portals: Portal[];
  cursor: SessionCursor;
  failures: PortalFailure[];
}

/**
 * Reads the open permit data of a place: every enabled portal that serves it, page by page. A portal that fails does not
 * stop the others; a killed session resumes at the page it reached.
 */
export class PermitsScraper extends BaseScraper {
  readonly source = 'permits';

  protected async scrape(location: string): Promise<void> {
    const params = parseParams(this.params);
    const portals = await this.#findPortals(location);
    const run: PermitRun = { location, params, portals, cursor: parseCursor(this.cursor), failures: [] };
    for (const portal of portals) run.cursor.portals[portal.id] ??= { ...NEW_PORTAL };
    this.reportProgress(progressOf(run.cursor, portals, `${location}: ${portals.length} portals to read`));
    for (const portal of portals) await this.#visit(run, portal);
    await this.#finish(run);
  }

  /** The portals of the place, the bundled demo first: it answers at once. @throws InvalidInputError for unknown places. */
  async #findPortals(location: string): Promise<Portal[]> {
    const resolved = resolveLocation(location, await this.context.listPortals());
    if (resolved.unknown) {
      throw new InvalidInputError(`No permit portal is known for "${location}". ${resolved.known}`, {
        context: { location },
      });
    }
    return resolved.portals.toSorted((a, b) => Number(b.origin === 'demo') - Number(a.origin === 'demo'));
  }

  /** Reads one portal unless an earlier attempt settled it, and keeps its failure from the others. */
  async #visit(run: PermitRun, portal: Portal): Promise<void> {
    const state = run.cursor.portals[portal.id] ?? { ...NEW_PORTAL };
    if (state.state === 'done' || state.state === 'failed' || state.state === 'skipped') return;
    if (rowsLeft(run) <= 0) {
      state.state = 'skipped';
      state.note = `maxRows (${run.params.maxRows}) was reached before`;
      return;
    }
    try {
      await this.#read(run, portal, state);
    } catch (error) {
      const kind = judgeFailure(error);
      if (kind === null) throw error;
      this.signal.throwIfAborted();
      const failure = error as AppError;
      state.state = kind === 'again' ? 'waiting' : 'failed';
      state.note = failure.message;
      run.failures.push({ portal, kind, error: failure });
      this.logWarn(`${portal.name}: ${failure.message}`, { portal: portal.id, code: failure.code });
    }
  }

  async #read(run: PermitRun, portal: Portal, state: PortalState): Promise<void> {
    const scope = watermarkScope(run.params.signal);
    const old = await this.context.findWatermark(portal.id, scope);
    state.since ??= windowStart(run.params.since, old, new Date()).toISOString();
    state.state = 'reading';
    delete state.note;
    const since = new Date(state.since);
    const dialect = this.#dialect(portal, since, state.plan);
    for await (const page of walkPages(dialect, state.position ?? WALK_START)) {
      const ended = this.#takePage(run, portal, state, page, since);
      state.plan = dialect.plan();
      if (page.next === null || ended) state.state = 'done';
      else state.position = page.next;
      const watermarks = page.next === null && !ended ? watermarkOf(portal, scope, since, state, old) : [];
      await this.#save(run, portal, state, watermarks);
      if (ended) return;
    }
  }

  #dialect(portal: Portal, since: Date, plan: unknown): Dialect {
    const gap = portal.rateLimitMs === null ? {} : { gapMs: portal.rateLimitMs };
    return createDialect({
      portal,
      since,
      plan,
      fetchPage: (url, options) => this.fetchPage(url, { ...gap, ...options }),
    });
  }

  /** Turns a page into leads. Returns true when maxRows ends the portal here, with rows left unread. */
  #takePage(run: PermitRun, portal: Portal, state: PortalState, page: RowPage, since: Date): boolean {
    const before = page.rowsSoFar - page.rows.length;
    if (before === 0) state.leads = 0;
    state.rows = before;
    const rows = page.rows.slice(0, Math.max(0, rowsLeft(run)));
    const now = new Date();
    let latest = state.latest === undefined ? null : new Date(state.latest);
    for (const row of rows) {
      const origin = { portal, url: page.url, fetchedAt: page.fetchedAt };
      const found = leadsOfRow(row, origin, { signal: run.params.signal, since });
      latest = laterDate(latest, found.date, now);
      for (const lead of found.leads) this.emitLead(lead);
      state.leads += found.leads.length;
    }
    if (latest !== null) state.latest = latest.toISOString();
    state.rows = before + rows.length;
    state.pages += 1;
    const ended = rows.length < page.rows.length || (page.next !== null && rowsLeft(run) <= 0);
    if (ended) state.note = `stopped at maxRows (${run.params.maxRows})`;
    return ended;
  }

  async #save(run: PermitRun, portal: Portal, state: PortalState, watermarks: WatermarkUpdate[]): Promise<void> {
    const message = `${portal.name}: page ${state.pages}, ${state.rows} rows`;
    const progress = progressOf(run.cursor, run.portals, message);
    await this.checkpoint(structuredClone(run.cursor), { progress, watermarks });
  }

  /** Decides how the session ends, and saves what the portals came to. @throws what makes the runner try again or fail. */
  async #finish(run: PermitRun): Promise<void> {
    const end = settleSession(run.cursor, run.portals, run.failures, this.config.maxRetries);
    run.cursor = end.cursor;
    const progress = progressOf(end.cursor, run.portals, end.message);
    const isFinal = end.error !== null && ['fail', 'skip-page'].includes(end.error.disposition);
    await this.checkpoint(isFinal ? reopenFailed(end.cursor) : structuredClone(end.cursor), { progress });
    if (end.error !== null) throw end.error;
  }
}

function rowsLeft(run: PermitRun): number {
  if (run.params.maxRows === undefined) return Number.POSITIVE_INFINITY;
  return run.params.maxRows - Object.values(run.cursor.portals).reduce((sum, state) => sum + state.rows, 0);
}

function watermarkOf(
  portal: Portal,
  scope: string,
  since: Date,
  state: PortalState,
  old: Date | null,
): WatermarkUpdate[] {
  const latest = state.latest === undefined ? null : new Date(state.latest);
  const readUntil = nextWatermark(since, latest, old, new Date());
  return readUntil === null ? [] : [{ portalId: portal.id, scope, readUntil }];
}

function parseParams(params: Record<string, unknown>): PermitParams {
  const parsed = permitParamsSchema.safeParse(params);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `params.${issue.path.join('.')}: ${issue.message}`);
  throw new InvalidInputError(problems.join('; '), { context: { params } });
}
