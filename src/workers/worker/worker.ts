import { setTimeout as wait } from 'node:timers/promises';
import {
  type AppError,
  CancelledError,
  DatabaseUnavailableError,
  LeaseLostError,
  SessionTimeoutError,
  ShutdownError,
} from '#lib/errors.ts';
import { assertNever } from '#lib/invariant.ts';
import type { Logger } from '#lib/logger.ts';
import { collectEvents, type EventPublisher } from '../events.ts';
import { SessionLogWriter } from '../logs/session-log-writer.ts';
import type { ManagerMessage, WorkerMessage, WorkerStats } from '../messages.ts';
import { RequestLogWriter } from '../pages/request-log-writer.ts';
import type { ParsePool } from '../parse/parse-pool.ts';
import type { WorkerPorts } from '../ports/worker-ports.ts';
import { CompletionBatcher } from '../queue/completion-batcher.ts';
import type { PageRenderer } from '../render/page-renderer.ts';
import type { WorkerSpool } from '../spool/worker-spool.ts';
import { ClaimLoop } from './claim-loop.ts';
import type { Fetching } from './compose-fetching.ts';
import { JobRunner } from './job-runner.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { ScraperRegistry } from './scraper-registry.ts';

export interface WorkerOptions {
  workerId: string;
  concurrency: number;
  /** Sessions that it may process until a 'work-limit' says otherwise; no limit unless given. */
  workLimit?: number | undefined;
  ports: WorkerPorts;
  fetching: Fetching;
  renderer: PageRenderer;
  parsing: ParsePool;
  scrapers: ScraperRegistry;
  /** Where it is kept what cannot be saved while the database is away. */
  spool: WorkerSpool;
  logger: Logger;
  send: (message: WorkerMessage) => void;
  /** Called when the worker has stopped; nothing of it runs any more. */
  onStopped: () => void;
}

const BEAT_MS = 1_000;

/** What is still to be written at the end may take this long. */
const FAREWELL_MS = 1_500;

/** One worker: claims sessions while its lease is safe, runs them, and does what its manager says. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #lease: LeaseKeeper;
  readonly #events: EventPublisher;
  readonly #logs: SessionLogWriter;
  readonly #requests: RequestLogWriter;
  readonly #completions: CompletionBatcher;
  readonly #runner: JobRunner;
  readonly #claims: ClaimLoop;
  readonly #beat: NodeJS.Timeout;
  #graceTimer: NodeJS.Timeout | null = null;
  #draining = false;
  /** Sessions it may run at once, as its manager decides; never more than its concurrency. */
  #intakeLimit = Number.POSITIVE_INFINITY;
  #workLimit: number;
  #beatDue = false;

  constructor(options: WorkerOptions) {
    const { workerId, ports, logger, fetching, renderer, parsing, scrapers } = options;
    const { queue, portals, journal } = ports;
    this.#options = options;
    this.#workLimit = options.workLimit ?? Number.POSITIVE_INFINITY;
    this.#lease = new LeaseKeeper(() =>
      // Nobody has said that the sessions are lost: what they found so far waits on disk, under claims that may still be good.
      this.#endLease(new DatabaseUnavailableError('The database was away until the lease ran out')),
    );
    this.#events = collectEvents(ports.sendEvent);
    const onRefused = (error: unknown) =>
      logger.warn({ err: error }, 'A line of a session cannot be kept and is dropped');
    this.#logs = new SessionLogWriter({ journal, workerId, onRefused });
    this.#requests = new RequestLogWriter({ journal, onRefused });
    this.#completions = new CompletionBatcher({ complete: (items) => queue.complete(items) });
    this.#runner = new JobRunner({
      workerId,
      queue,
      portals,
      fetcher: fetching.fetcher,
      renderer,
      parsing,
      events: this.#events,
      logs: this.#logs,
      requests: this.#requests,
      validators: ports.validators,
      logger,
      isLeaseSafe: () => this.#lease.isSafe,
      createScraper: scrapers.createScraper,
      complete: (item) => this.#lease.within(this.#completions.add(item)),
      openSpool: (claim) => options.spool.open(claim),
      onChange: () => this.#onChange(),
      onUnclean: () => this.drain(0, 'A scraper did not stop when told, so nothing can run alone in this process'),
    });
    this.#claims = this.#createClaimLoop();
    this.#beat = setInterval(() => this.#sendBeat(), BEAT_MS);
    this.#sendBeat();
    fetching.proxies.startHealthChecks();
  }

  handle(message: ManagerMessage): void {
    switch (message.type) {
      case 'welcome':
        break;
      case 'lease':
        this.#renewLease(message.safeUntilMs);
        break;
      case 'lease-lost':
        this.#endLease(new LeaseLostError(message.reason));
        break;
      case 'wake':
        this.#wake();
        break;
      case 'abort':
        this.#abort(message);
        break;
      case 'intake':
        this.#intakeLimit = message.limit;
        this.#claims.nudge();
        break;
      case 'work-limit':
        this.#workLimit = message.sessionsMax;
        this.#claims.nudge();
        this.#beatSoon();
        break;
      case 'drain':
        this.drain(message.graceMs);
        break;
      default:
        assertNever(message);
    }
  }

  /**
   * Claims nothing more; running sessions may finish within the grace, then they are handed back. Called again, the shorter
   * grace counts.
   */
  drain(graceMs: number, reason = 'The worker is stopping'): void {
    if (this.#graceTimer) clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => this.#runner.abortAll(new ShutdownError(reason)), graceMs);
    if (this.#draining) return;
    this.#draining = true;
    // Others would have to make room for it, although they may finish.
    this.#runner.abortWaiting(new ShutdownError(reason));
    this.#sendBeat();
    void this.#finish();
  }

  async #finish(): Promise<void> {
    await this.#claims.stop();
    await this.#runner.idle();
    // What was done last would not be counted otherwise: this process may be gone before the next one.
    this.#sendBeat();
    clearInterval(this.#beat);
    if (this.#graceTimer) clearTimeout(this.#graceTimer);
    await Promise.race([this.#sayFarewell(), wait(FAREWELL_MS)]);
    this.#options.onStopped();
  }

  /** Writes what is still to be written, then closes what it is written through. */
  async #sayFarewell(): Promise<void> {
    const { fetching, renderer, parsing, ports } = this.#options;
    const writers = [this.#completions.stop(), this.#logs.close(), this.#requests.close(), this.#events.close()];
    await Promise.allSettled([...writers, renderer.close(), parsing.close(), fetching.close()]);
    await Promise.allSettled([ports.close()]);
  }

  #createClaimLoop(): ClaimLoop {
    const { ports, workerId, scrapers, logger, spool } = this.#options;
    return new ClaimLoop({
      claim: (limit, unsure) =>
        ports.queue.claim({
          workerId,
          sources: scrapers.sources,
          limit,
          jobTimeoutMs: scrapers.jobTimeoutMs,
          held: [...this.#runner.heldClaims, ...spool.pendingClaims],
          unsure,
        }),
      freeSlots: () => (this.#runner.isExclusive ? 0 : this.#mayRun() - this.#runner.activeCount),
      mayClaim: () => this.#lease.isSafe && !this.#draining,
      start: (session) => {
        this.#runner.start(session);
        this.#beatSoon();
      },
      handBack: (sessions, reason) => this.#runner.handBack(sessions, reason),
      logger,
    });
  }

  /** How many sessions it may have under way at once. */
  #mayRun(): number {
    const leftOfLimit = this.#workLimit - this.#runner.counters.jobsProcessed;
    return Math.min(this.#options.concurrency, this.#intakeLimit, leftOfLimit);
  }

  #renewLease(safeUntilMs: number): void {
    const wasSafe = this.#lease.isSafe;
    this.#lease.renew(safeUntilMs);
    void this.#catchUp(!wasSafe);
  }

  /** What waits on disk goes first: handed back, its session would belong to somebody else, and its finds would be stale. */
  async #catchUp(wake: boolean): Promise<void> {
    await this.#options.spool.deliverAll((sessionId) => this.#events.publish(['sessions', 'leads'], [sessionId]));
    await this.#runner.handBackAbandoned();
    if (wake) this.#wake();
  }

  #endLease(reason: AppError): void {
    this.#lease.drop();
    if (this.#runner.activeCount > 0)
      this.#options.logger.warn({ reason: reason.message }, 'The lease has ended; all sessions stop');
    this.#runner.abortAll(reason);
  }

  #wake(): void {
    this.#options.ports.queue.noteWake();
    this.#claims.nudge();
    // A person may have added a proxy, or wants one checked now.
    this.#options.fetching.proxies.nudge();
  }

  #abort({ sessionId, claimNumber, why }: Extract<ManagerMessage, { type: 'abort' }>): void {
    const context = { sessionId, claimNumber };
    const reason =
      why === 'cancelled'
        ? new CancelledError('The session was cancelled', { context })
        : new SessionTimeoutError('The session ran past its time limit', { context });
    this.#runner.abort({ id: sessionId, claimNumber }, reason);
  }

  #onChange(): void {
    this.#claims.nudge();
    this.#beatSoon();
  }

  /** Many sessions may start and end within one moment; the manager needs only the last state of it. */
  #beatSoon(): void {
    if (this.#beatDue) return;
    this.#beatDue = true;
    setTimeout(() => {
      this.#beatDue = false;
      this.#sendBeat();
    }, 10);
  }

  #sendBeat(): void {
    this.#options.send({ type: 'beat', stats: this.#stats() });
  }

  #stats(): WorkerStats {
    const running = this.#runner.activeCount > 0 ? 'running' : 'idle';
    return {
      status: this.#draining ? 'draining' : running,
      activeSessions: this.#runner.activeCount,
      currentSessionId: this.#runner.currentSessionId,
      ...this.#runner.counters,
      memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576),
      concurrency: this.#options.concurrency,
      workLimit: this.#mostToDo(),
    };
  }

  /** A claim under way was begun with the limit of that moment. */
  #mostToDo(): number | null {
    if (this.#workLimit === Number.POSITIVE_INFINITY) return null;
    const { activeCount, counters } = this.#runner;
    return Math.max(this.#workLimit, counters.jobsProcessed + activeCount + this.#claims.underWay);
  }
}
