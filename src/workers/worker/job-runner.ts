import { setTimeout as wait } from 'node:timers/promises';
import { type AppError, ShutdownError } from '#lib/errors.ts';
import type { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import type { ScrapeResult } from '#lib/scrapers/scrape-result.ts';
import { countOutcome, noJobsYet, type WorkerCounters } from '../metrics/worker-counters.ts';
import type { ReadPage, ValidatorStore } from '../pages/validator-store.ts';
import type { Claim, ClaimedSession, Completion } from '../queue/job-queue.ts';
import { NO_SPOOL, type SpoolPort } from '../spool/session-spool.ts';
import type { SpooledClaim } from '../spool/spool-record.ts';
import { AbandonedClaims } from './abandoned-claims.ts';
import { ActiveSession } from './active-session.ts';
import { claimKey } from './claim-key.ts';
import { describeOutcome } from './describe-outcome.ts';
import { EndingWriter, type WrittenEnding } from './ending-writer.ts';
import { type Company, ExclusiveStart } from './exclusive-start.ts';
import { outcomeOf, type SessionOutcome } from './job-outcome.ts';
import { createSessionContext, type SessionContextDeps } from './session-context.ts';
import type { SessionEnding } from './session-ending.ts';

export interface JobRunnerDeps extends SessionContextDeps {
  createScraper: (source: string) => BaseScraper;
  /** Where it is kept what makes the next requests of pages conditional. */
  validators: Pick<ValidatorStore, 'save'>;
  /** Resolves after the commit: true when the claim was still good. Collects several completions into one statement. */
  complete: (item: Completion) => Promise<boolean>;
  /** Where a session puts what cannot be saved; without it, that waits in memory. */
  openSpool?: (claim: SpooledClaim) => SpoolPort;
  /** A slot is free again, or the worker's figures have changed. */
  onChange: () => void;
  /** A session must run alone, and this process will not be free of what an earlier one left running: it should be replaced. */
  onUnclean: () => void;
  /** How long an aborted scraper may take to come back before its result is dropped, in ms; default 2 s. */
  abortGraceMs?: number;
}

/** What the scraper came back with. */
type ScrapeEnd = { error: null; result: ScrapeResult } | { error: unknown; result: null };

/** Runs claimed sessions, each from its start to its settled outcome. Knows all parts; decides nothing by itself. */
export class JobRunner {
  readonly #deps: JobRunnerDeps;
  /** By claim: a worker may claim a session again while its own dropped run of it still ends. */
  readonly #active = new Map<string, ActiveSession>();
  readonly #abandoned: AbandonedClaims;
  readonly #exclusive: ExclusiveStart;
  /** Scrapers that were dropped and have not come back. */
  #strays = 0;
  #counters: WorkerCounters = noJobsYet;
  #idleWaiters: (() => void)[] = [];

  constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
    this.#abandoned = new AbandonedClaims({
      queue: deps.queue,
      logger: deps.logger,
      onGivenBack: (sessionId) => {
        deps.events.publish(['sessions'], [sessionId]);
        this.#exclusive.look();
      },
    });
    this.#exclusive = new ExclusiveStart({
      company: () => this.#company(),
      makeRoom: (session) => this.#makeRoom(session),
      onUnclean: deps.onUnclean,
    });
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** Everything that the database may still say is ours: what runs here, and what could not be given back yet. */
  get heldClaims(): Claim[] {
    const running = Array.from(this.#active.values(), ({ claimed }) => claimed);
    return [...running, ...this.#abandoned.claims];
  }

  /** True while a session runs here, or waits to run, that must be alone: nothing may be started beside it. */
  get isExclusive(): boolean {
    return [...this.#active.values()].some((active) => active.mustRunAlone);
  }

  get counters(): WorkerCounters {
    return this.#counters;
  }

  /** The session that has run longest. */
  get currentSessionId(): number | null {
    return this.#active.values().next().value?.claimed.id ?? null;
  }

  /** Starts a session; never throws and never rejects. */
  start(claimed: ClaimedSession): void {
    const active = new ActiveSession(claimed);
    this.#active.set(claimKey(claimed), active);
    this.#deps.logger.info({ ...about(claimed), claimNumber: claimed.claimNumber }, 'Session claimed');
    this.#deps.events.publish(['sessions', 'workers'], [claimed.id]);
    void this.#run(active);
  }

  /** Aborts what runs under this claim, if anything does here. */
  abort(claim: Claim, reason: AppError): void {
    this.#active.get(claimKey(claim))?.abort(reason);
  }

  abortAll(reason: AppError): void {
    for (const active of this.#active.values()) active.abort(reason);
  }

  /** Aborts the session that waits to be alone, if one does. */
  abortWaiting(reason: AppError): void {
    this.#exclusive.abort(reason);
  }

  /** Resolves when no session runs. */
  idle(): Promise<void> {
    if (this.#active.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Gives back claims that were not started; what cannot be given back now goes with the abandoned ones. */
  handBack(claims: readonly Claim[], reason: string): Promise<void> {
    return this.#abandoned.giveBack(claims, reason);
  }

  /**
   * Gives back what this worker dropped while it could not write. Call it when the lease is safe again: whoever has taken
   * these sessions meanwhile keeps them, since the claims are stale then.
   */
  handBackAbandoned(): Promise<void> {
    return this.#abandoned.giveBackAll();
  }

  #company(): Company {
    if (this.#active.size > 1 || this.#abandoned.claims.length > 0) return 'busy';
    return this.#strays > 0 ? 'unclean' : 'none';
  }

  #makeRoom(session: ActiveSession): void {
    const reason = new ShutdownError('It makes room for a session that has to run alone');
    for (const active of this.#active.values()) if (active !== session) active.abort(reason);
  }

  async #run(active: ActiveSession): Promise<void> {
    const spool = this.#deps.openSpool?.(active.claimed) ?? NO_SPOOL;
    const end = await this.#scrape(active, spool);
    const outcome = outcomeOf(end.error, active.abortReason);
    const settled = await this.#settle(active, outcome, end.result, spool);
    await this.#finish(active, outcome, settled);
  }

  async #scrape(active: ActiveSession, spool: SpoolPort): Promise<ScrapeEnd> {
    let close = (): void => {};
    try {
      if (active.mustRunAlone) await this.#exclusive.wait(active);
      const scraper = this.#deps.createScraper(active.claimed.source);
      const session = createSessionContext(this.#deps, active, scraper.config, spool);
      close = session.close;
      const scraping = scraper.execute(active.claimed.location, { context: session.context });
      const result = await this.#orDropped(scraping, active);
      // What waits on disk is not saved yet, and may never be.
      if (!spool.isPending) await this.#keepValidators(session.pagesRead);
      return { error: null, result };
    } catch (error) {
      return { error: error ?? new Error('The scraper threw nothing at all'), result: null };
    } finally {
      close();
    }
  }

  /**
   * Only now is all that the pages held saved, so only now may the next run skip those that have not changed. Without validators
   * the pages are read again, which is no loss.
   */
  async #keepValidators(pages: readonly ReadPage[]): Promise<void> {
    if (pages.length === 0) return;
    await this.#deps.validators
      .save(pages)
      .catch((error: unknown) =>
        this.#deps.logger.warn({ err: error }, 'Pages will be read again: no validators kept'),
      );
  }

  /** The result, or the abort's reason when the scraper does not come back within the grace: it cannot block the worker. */
  async #orDropped<T>(scraping: Promise<T>, active: ActiveSession): Promise<T> {
    const settled = new AbortController();
    const dropped = async (): Promise<never> => {
      await aborted(active.signal, settled.signal);
      await wait(this.#deps.abortGraceMs ?? 2_000, undefined, { signal: settled.signal });
      this.#deps.logger.warn(about(active.claimed), 'The scraper ignores its signal; its result is dropped');
      this.#noteStray(scraping);
      throw active.signal.reason;
    };
    try {
      return await Promise.race([scraping, dropped()]);
    } finally {
      settled.abort();
    }
  }

  #noteStray(scraping: Promise<unknown>): void {
    this.#strays += 1;
    const gone = () => {
      this.#strays -= 1;
    };
    scraping.then(gone, gone);
  }

  async #settle(
    active: ActiveSession,
    outcome: SessionOutcome,
    result: ScrapeResult | null,
    spool: SpoolPort,
  ): Promise<WrittenEnding> {
    this.#logOutcome(active, outcome);
    if (outcome.kind === 'lost') return 'unwritten';
    const writer = new EndingWriter({ ...this.#deps, spool }, active.claimed);
    return await writer.write(endingOf(active, outcome, result), (isOnDisk) => {
      const disposition = active.abortReason?.disposition;
      // Who is told to stop leaves at once what is safe on disk.
      return disposition !== 'lost' && !(isOnDisk && disposition === 'interrupted');
    });
  }

  /** The slot is freed first: what follows is for people and must hold nobody up. */
  async #finish(active: ActiveSession, outcome: SessionOutcome, settled: WrittenEnding): Promise<void> {
    const { claimed } = active;
    active.close();
    this.#active.delete(claimKey(claimed));
    if (settled === 'unwritten') this.#abandoned.add(claimed, 'The database was away; goes on at its last checkpoint');
    else if (settled !== 'stale') this.#counters = countOutcome(this.#counters, outcome.kind);
    this.#deps.logger.info(
      { ...about(claimed), outcome: outcome.kind, settled, durationMs: active.durationMs(), ...active.stats },
      'Session settled',
    );
    this.#deps.events.publish(['sessions', 'workers', 'leads'], [claimed.id]);
    this.#deps.onChange();
    this.#exclusive.look();
    if (this.#active.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #logOutcome({ claimed, abortReason }: ActiveSession, outcome: SessionOutcome): void {
    const line = describeOutcome(outcome, abortReason);
    this.#deps.logs.write({ sessionId: claimed.id, claimNumber: claimed.claimNumber, ...line });
  }
}

function endingOf(
  { stats, lastHostKey: hostKey }: ActiveSession,
  outcome: SessionEnding['outcome'],
  result: ScrapeResult | null,
): SessionEnding {
  if (!result) return { outcome, stats, hostKey };
  const { totalLeads, newLeads, warnings, skipped, progress } = result;
  const summary = { totalLeads, newLeads, warnings, ...(skipped ? { skipped } : {}) };
  return { outcome, stats, hostKey, progress, summary };
}

const about = ({ id, source, location }: ClaimedSession) => ({ sessionId: id, source, location });

/** Resolves when `signal` is aborted; rejects when `over` is, so that nothing keeps waiting. */
function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over });
    over.addEventListener('abort', () => reject(over.reason), { once: true });
  });
}
