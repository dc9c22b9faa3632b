import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Db } from '#lib/db/create-db.ts';
import type { Logger } from '#lib/logger.ts';
import { withDatabaseRetry } from './database-retry.ts';
import { createEventPublisher, type EventPublisher } from './events.ts';
import { type ManagerConfig, managerConfig, restartDelayMs } from './manager-config.ts';
import type { ManagerDuty } from './manager-duty.ts';
import { type ManagerMessage, monotonicNowMs, type WorkerStats } from './messages.ts';
import type { AbortOrder, JobQueue, WorkerBeat, WorkerEndCause } from './queue/job-queue.ts';
import { listenToQueue } from './queue/queue-listener.ts';
import type { QueueSignal } from './queue/queue-notifier.ts';
import { RepeatingTask } from './repeating-task.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface ManagerOptions {
  config?: Partial<ManagerConfig>;
  db: Db;
  queue: JobQueue;
  /** For the LISTEN connection: direct, not through a transaction-mode pooler. */
  listenUrl: string;
  logger: Logger;
  nodeId: string;
  /** Base of the workers' ids; without it they are host-pid-random. */
  workerId?: string | undefined;
  version?: string | undefined;
  /** The module that a worker runs: TypeScript in development, the bundle in production. */
  workerEntry: string;
  workerArgs?: readonly string[];
  /** Environment of the workers; they read their settings from it. */
  workerEnv: Record<string, string | undefined>;
  concurrency: number;
  /** What it does beside its workers. */
  duties?: readonly ManagerDuty[];
}

/** A worker's change of state is in the database after this time, not only at the next heartbeat. */
const CHANGE_BEAT_MS = 250;

/** At the very end the state of the workers is written if the database answers within this time. */
const FAREWELL_MS = 3_000;

/**
 * Starts, watches and replaces worker processes, beats for them, wakes them, and drains them. It knows processes and leases,
 * never scrapers, so no broken scraper can stop it; and it lives through any absence of the database.
 */
export class WorkerManager {
  readonly #options: ManagerOptions;
  readonly #config: ManagerConfig;
  readonly #logger: Logger;
  readonly #events: EventPublisher;
  readonly #slots: WorkerSlot[];
  readonly #tasks: RepeatingTask[] = [];
  readonly #heartbeat: RepeatingTask;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #listener: { close(): Promise<void> } | null = null;
  #watchdog: NodeJS.Timeout | null = null;
  #announced = '';
  #state: 'new' | 'running' | 'draining' | 'ended' = 'new';

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#config = managerConfig(options.config);
    this.#logger = options.logger;
    this.#events = createEventPublisher(options.db);
    this.#slots = Array.from({ length: this.#config.numWorkers }, (_, index) => this.#createSlot(index));
    this.#heartbeat = this.#task('heartbeat', this.#config.heartbeatMs, () => this.#beat(), 1_000);
  }

  /** Resolves when the manager has stopped, with all its workers. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The workers that live now, with what they last said of themselves. */
  get workers(): { workerId: string; stats: WorkerStats | null }[] {
    return this.#slots.flatMap((slot) => slot.registered ?? []);
  }

  /** Lets a worker that was started with `--work-limit` have processed or be at so many sessions in all. */
  limitWork(workerId: string, sessionsMax: number): void {
    this.#sendTo(workerId, { type: 'work-limit', sessionsMax });
  }

  start(): void {
    this.#state = 'running';
    this.#logger.info({ workers: this.#slots.length, node: this.#options.nodeId }, 'Manager started');
    for (const slot of this.#slots) slot.start();
    const tick = this.#task('tick', this.#config.tickMs, () => this.#tick(), 10_000);
    const rescue = this.#task('rescue', this.#config.rescueMs, () => this.#rescue(), 10_000);
    const duties = (this.#options.duties ?? []).map(({ name, intervalMs, run }) =>
      this.#task(name, intervalMs, () => run(this.#stopping.signal), Math.max(intervalMs, 10_000)),
    );
    this.#tasks.push(tick, rescue, ...duties);
    for (const task of [this.#heartbeat, ...this.#tasks]) task.start();
    this.#listener = listenToQueue({
      connectionString: this.#options.listenUrl,
      onSignal: (signal) => this.#onSignal(signal),
      onDisconnect: (error) =>
        this.#logger.warn({ err: error }, 'No notifications for now; looking every second instead'),
    });
    const { healthCheckInterval, workerTimeout } = this.#config;
    this.#watchdog = setInterval(
      () => {
        for (const slot of this.#slots) slot.checkSilence(workerTimeout);
      },
      Math.min(healthCheckInterval, Math.max(1_000, workerTimeout / 2)),
    );
  }

  /**
   * Stops: no new claims, running sessions may finish within the grace, the rest is handed back. Heartbeats go on meanwhile.
   * Called a second time it stops at once.
   */
  async stop(graceMs = this.#config.drainGraceMs): Promise<void> {
    if (this.#state === 'ended' || this.#state === 'new') return this.#end();
    const again = this.#state === 'draining';
    this.#state = 'draining';
    this.#stopping.abort();
    const effectiveMs = again ? 0 : graceMs;
    this.#logger.info({ graceMs: effectiveMs }, again ? 'Stopping at once' : 'Draining; a second signal stops at once');
    for (const slot of this.#slots) slot.stop(effectiveMs);
    if (again) return this.ended;
    await Promise.all(this.#tasks.map((task) => task.stop()));
    while (this.#slots.some((slot) => !slot.isEmpty)) await wait(20);
    await this.#end();
  }

  /** New processes for all workers, for code that has changed. Their sessions are handed back at once. */
  replaceWorkers(): void {
    for (const slot of this.#slots) slot.replace(0);
  }

  async #end(): Promise<void> {
    if (this.#watchdog) clearInterval(this.#watchdog);
    const farewell = Promise.all(this.#slots.map((slot) => slot.databaseSettled()));
    await Promise.race([farewell, wait(FAREWELL_MS)]);
    this.#state = 'ended';
    this.#events.publish(['workers']);
    const closing = [this.#heartbeat.stop(), this.#events.close(), this.#listener?.close()];
    await Promise.race([Promise.all(closing), wait(FAREWELL_MS)]);
    this.#logger.info('Manager stopped');
    this.#ended.resolve();
  }

  #createSlot(index: number): WorkerSlot {
    return new WorkerSlot({
      spawn: () => this.#spawn(),
      nameWorker: (pid) => this.#nameWorker(index, pid),
      register: (worker) => this.#register(worker),
      release: (workerId, cause, reason) => this.#release(workerId, cause, reason),
      onChange: () => this.#heartbeat.soon(CHANGE_BEAT_MS),
      restartDelayMs,
      autoRestart: this.#config.autoRestart,
      logger: this.#logger,
    });
  }

  #spawn(): ChildProcess {
    return fork(this.#options.workerEntry, [...(this.#options.workerArgs ?? [])], {
      env: this.#options.workerEnv as NodeJS.ProcessEnv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  #nameWorker(index: number, pid: number): string {
    const { workerId } = this.#options;
    if (!workerId) return `${hostname()}-${pid}-${randomBytes(3).toString('hex')}`;
    return this.#config.numWorkers === 1 ? workerId : `${workerId}-${index + 1}`;
  }

  async #register(worker: { workerId: string; pid: number }): Promise<number> {
    const { nodeId, concurrency, version } = this.#options;
    const row = {
      ...worker,
      nodeId,
      hostname: hostname(),
      managerPid: process.pid,
      concurrency,
      version: version ?? null,
    };
    const askedAtMs = await this.#patiently(async () => {
      const startedAtMs = monotonicNowMs();
      await this.#options.queue.registerWorker(row);
      return startedAtMs;
    });
    return this.#safeUntilMs(askedAtMs);
  }

  async #release(workerId: string, cause: Exclude<WorkerEndCause, 'lost'>, reason: string): Promise<void> {
    const { queue } = this.#options;
    const released = await this.#patiently(async () => {
      // Said first: the first reason is kept, and this one is more exact.
      await queue.deregisterWorker(workerId, { status: cause === 'stopped' ? 'stopped' : 'crashed', reason });
      return await queue.releaseWorker(workerId, cause);
    });
    if (released > 0) this.#logger.warn({ worker: workerId, sessions: released, cause }, 'Sessions taken back');
    this.#events.publish(released > 0 ? ['workers', 'sessions'] : ['workers']);
    if (released > 0) this.#wake();
  }

  /** For as long as it takes, unless the manager ends; a schema that is not there yet, or a wrong password, may be mended too. */
  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return withDatabaseRetry(work, {
      isPassing: () => true,
      mayContinue: () => this.#state !== 'ended',
      capMs: 5_000,
      onRetry: (error, attempt) => {
        if (attempt === 1) this.#logger.warn({ err: error }, 'The state of a worker cannot be saved yet; trying on');
      },
    });
  }

  /** The margin is taken from the moment of asking: the database counts from a later one. */
  #safeUntilMs(askedAtMs: number): number {
    return askedAtMs + this.#config.leaseMs - this.#config.leaseMarginMs;
  }

  async #beat(): Promise<void> {
    const beats = this.#slots.flatMap((slot) => (slot.registered ? [beatOf(slot.registered)] : []));
    if (beats.length === 0) return;
    const safeUntilMs = this.#safeUntilMs(monotonicNowMs());
    const { lost, abort } = await this.#options.queue.renewLeases(beats);
    const beaten = new Set(beats.map((beat) => beat.workerId));
    for (const slot of this.#slots) {
      const workerId = slot.registered?.workerId;
      if (!workerId || !beaten.has(workerId)) continue;
      if (lost.includes(workerId)) slot.loseLease();
      else slot.send({ type: 'lease', safeUntilMs });
    }
    if (lost.length > 0)
      this.#logger.warn({ workers: lost }, 'Leases ran out; these workers drop their sessions and start anew');
    for (const order of abort) this.#sendTo(order.workerId, abortMessage(order));
    this.#announce(beats);
  }

  /** Only what people see counts: an idle system says nothing. */
  #announce(beats: readonly WorkerBeat[]): void {
    const seen = JSON.stringify(beats.map(({ memoryMb: _memory, ...rest }) => rest));
    if (seen !== this.#announced) this.#events.publish(['workers']);
    this.#announced = seen;
  }

  async #tick(): Promise<void> {
    const { ready } = await this.#options.queue.tick();
    if (ready) this.#wake();
  }

  async #rescue(): Promise<void> {
    const rescued = await this.#options.queue.rescue();
    if (rescued === 0) return;
    this.#logger.warn({ sessions: rescued }, 'Sessions rescued from workers that are gone');
    this.#events.publish(['sessions', 'workers']);
    this.#wake();
  }

  #onSignal(signal: QueueSignal): void {
    if (signal === 'ready') this.#wake();
    else this.#heartbeat.soon(0);
  }

  #wake(): void {
    for (const slot of this.#slots) if (slot.hasFreeSlots) slot.send({ type: 'wake' });
  }

  #sendTo(workerId: string, message: ManagerMessage): void {
    for (const slot of this.#slots) if (slot.registered?.workerId === workerId) slot.send(message);
  }

  #task(name: string, intervalMs: number, run: () => Promise<void>, failureCapMs: number): RepeatingTask {
    return new RepeatingTask({
      run,
      intervalMs,
      failureCapMs,
      onTrouble: (error) =>
        error
          ? this.#logger.warn({ err: error }, `The database does not answer (${name}); trying on`)
          : this.#logger.info(`The database answers again (${name})`),
    });
  }
}

const abortMessage = ({ sessionId, claimNumber, why }: AbortOrder): ManagerMessage => ({
  type: 'abort',
  sessionId,
  claimNumber,
  why,
});

function beatOf({ workerId, stats }: NonNullable<WorkerSlot['registered']>): WorkerBeat {
  if (!stats)
    return { workerId, status: 'starting', activeSessions: 0, jobsProcessed: 0, jobsSucceeded: 0, jobsFailed: 0 };
  const { currentSessionId, concurrency: _ours, ...rest } = stats;
  return { workerId, ...rest, currentJobId: currentSessionId };
}
