import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '#lib/logger.ts';
import type { EventPublisher } from '../events.ts';
import type { ManagerMessage, WorkerStats } from '../messages.ts';
import { watchOomKills } from '../nodes/oom-kills.ts';
import type { LeaseQueue } from '../ports/session-queue.ts';
import type { AbortOrder, WorkerBeat, WorkerEndCause } from '../queue/job-queue.ts';
import type { ListenToQueue } from '../queue/queue-listener.ts';
import type { QueueSignal } from '../queue/queue-notifier.ts';
import { RepeatingTask } from '../repeating-task.ts';
import { type ManagerConfig, managerConfig, restartDelayMs } from './manager-config.ts';
import type { ManagerDuty } from './manager-duty.ts';
import { WorkerPool } from './worker-pool.ts';
import { nameWorker, spawnWorker, type WorkerProcessOptions } from './worker-processes.ts';
import { beatOf, WorkerRows } from './worker-rows.ts';
import { type NamedProcess, WorkerSlot } from './worker-slot.ts';
import { type ManagerFigures, WorkerTally } from './worker-tally.ts';
import { removeLeftTempFolders } from './worker-temp-folder.ts';

export interface ManagerOptions extends WorkerProcessOptions {
  config?: Partial<ManagerConfig>;
  queue: LeaseQueue;
  /** Closed by the manager when it has stopped. */
  events: EventPublisher;
  listen: ListenToQueue;
  logger: Logger;
  nodeId: string;
  /** Base of the workers' ids; without it they are host-pid-random. */
  workerId?: string | undefined;
  version?: string | undefined;
  concurrency: number;
  /** What it does beside its workers. */
  duties?: readonly ManagerDuty[];
}

/** What a worker that has ended last said of itself. */
export interface LastWords {
  pid: number;
  stats: WorkerStats;
  cause: Exclude<WorkerEndCause, 'lost'>;
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
  readonly #rows: WorkerRows;
  readonly #pool: WorkerPool;
  readonly #tally = new WorkerTally();
  readonly #countOomKills = watchOomKills();
  readonly #tasks: RepeatingTask[] = [];
  readonly #prompt: RepeatingTask[] = [];
  readonly #heartbeat: RepeatingTask;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #listener: { close(): Promise<void> } | null = null;
  #watchdog: NodeJS.Timeout | null = null;
  #announced = '';
  #graceMs: number | null = null;
  #onWorkerEnd: (last: LastWords) => void = () => {};
  #tasksEnded: Promise<unknown> = Promise.resolve();
  #state: 'new' | 'running' | 'draining' | 'ended' = 'new';

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#config = managerConfig(options.config);
    this.#logger = options.logger;
    this.#events = options.events;
    this.#rows = new WorkerRows({
      queue: options.queue,
      nodeId: options.nodeId,
      version: options.version ?? null,
      concurrency: options.concurrency,
      leaseMs: this.#config.leaseMs,
      leaseMarginMs: this.#config.leaseMarginMs,
      logger: options.logger,
      mayContinue: () => this.#state !== 'ended',
    });
    this.#pool = new WorkerPool({
      createSlot: (index) => this.#createSlot(index),
      concurrency: options.concurrency,
    });
    this.#pool.scaleTo(this.#config.numWorkers, 0);
    this.#heartbeat = this.#task('heartbeat', this.#config.heartbeatMs, () => this.#beat(), 1_000);
  }

  /** Resolves when the manager has stopped, with all its workers. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The workers that live now, with what they last said of themselves. */
  get workers(): { workerId: string; stats: WorkerStats | null }[] {
    return this.#pool.slots.flatMap((slot) => slot.registered ?? []);
  }

  /** How many workers there shall be. */
  get workerCount(): number {
    return this.#pool.size;
  }

  get figures(): ManagerFigures {
    return this.#tally.figures(this.workers);
  }

  /**
   * Starts workers, or lets some leave: those with the least to do, which finish what they run or hand it back after 5 minutes.
   * A manager that is stopping stays as it is.
   */
  scaleTo(count: number): void {
    if (this.#state === 'new' || this.#state === 'running') this.#pool.scaleTo(count, this.#config.leaveGraceMs);
  }

  /** Lets the workers use only a share of their slots, 0 to 1, from now on; running sessions go on. */
  setIntake(share: number): void {
    this.#pool.setIntake(share);
  }

  /** The slots of all workers, for who limits their work (run-monitor.ts). */
  get slots(): readonly Pick<WorkerSlot, 'listening' | 'mayClaim' | 'isVacant' | 'send'>[] {
    return this.#pool.slots;
  }

  /** How long running sessions may go on since it was told to stop; null before that. */
  get graceMs(): number | null {
    return this.#graceMs;
  }

  /** Has `listener` called with what each worker process that ends from now on last said of itself. */
  onWorkerEnd(listener: (last: LastWords) => void): void {
    this.#onWorkerEnd = listener;
  }

  start(): void {
    this.#state = 'running';
    this.#logger.info({ workers: this.#pool.size, node: this.#options.nodeId }, 'Manager started');
    this.#pool.start();
    void removeLeftTempFolders();
    const tick = this.#task('tick', this.#config.tickMs, () => this.#tick(), 10_000);
    const rescue = this.#task('rescue', this.#config.rescueMs, () => this.#rescue(), 10_000);
    this.#tasks.push(tick, rescue);
    for (const duty of this.#options.duties ?? []) this.#addDuty(duty);
    for (const task of [this.#heartbeat, ...this.#tasks]) task.start();
    this.#listen();
    const { healthCheckInterval, workerTimeout } = this.#config;
    this.#watchdog = setInterval(
      () => {
        for (const slot of this.#pool.slots) slot.checkSilence(workerTimeout);
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
    this.#graceMs = effectiveMs;
    this.#logger.info({ graceMs: effectiveMs }, again ? 'Stopping at once' : 'Draining; a second signal stops at once');
    for (const slot of this.#pool.slots) slot.stop(effectiveMs);
    if (again) return this.ended;
    // A round under way, such as delivering what is left on disk, is safe to repeat: it is waited for at the very end, and not for long.
    this.#tasksEnded = Promise.all(this.#tasks.map((task) => task.stop()));
    while (this.#pool.slots.some((slot) => !slot.isEmpty)) await wait(20);
    await this.#end();
  }

  /** New processes for all workers, for code that has changed. Their sessions are handed back at once. */
  replaceWorkers(): void {
    for (const slot of this.#pool.slots) slot.replace(0);
  }

  async #end(): Promise<void> {
    if (this.#watchdog) clearInterval(this.#watchdog);
    const farewell = Promise.all(this.#pool.slots.map((slot) => slot.databaseSettled()));
    await Promise.race([farewell, wait(FAREWELL_MS)]);
    this.#state = 'ended';
    this.#events.publish(['workers']);
    const closing = [this.#tasksEnded, this.#heartbeat.stop(), this.#events.close(), this.#listener?.close()];
    await Promise.race([Promise.all(closing), wait(FAREWELL_MS)]);
    this.#logger.info('Manager stopped');
    this.#ended.resolve();
  }

  #listen(): void {
    this.#listener = this.#options.listen({
      onSignal: (signal) => this.#onSignal(signal),
      onDisconnect: (error) =>
        this.#warn({ err: error }, 'No notifications for now; looking every other second instead'),
    });
  }

  #createSlot(index: number): WorkerSlot {
    const isOnly = this.#config.numWorkers === 1 && index === 0;
    return new WorkerSlot({
      spawn: () => spawnWorker(this.#options),
      nameWorker: (pid) => nameWorker(this.#options.workerId, { index, isOnly }, pid),
      register: (worker) => this.#rows.register(worker).finally(() => this.#promptDuties(CHANGE_BEAT_MS)),
      release: (worker, cause, reason) => this.#release(worker, cause, reason),
      onChange: () => this.#heartbeat.soon(CHANGE_BEAT_MS),
      onEnd: (cause, last) => {
        this.#tally.noteEnd(cause, last?.stats ?? null);
        if (last) this.#onWorkerEnd({ ...last, cause });
        this.#promptDuties(CHANGE_BEAT_MS);
      },
      countOomKills: this.#countOomKills,
      restartDelayMs,
      autoRestart: this.#config.autoRestart,
      logger: this.#logger,
    });
  }

  async #release(worker: NamedProcess, cause: Exclude<WorkerEndCause, 'lost'>, reason: string): Promise<void> {
    const released = await this.#rows.release(worker, cause, reason);
    if (released > 0) this.#logger.warn({ worker: worker.workerId, sessions: released, cause }, 'Sessions taken back');
    this.#events.publish(released > 0 ? ['workers', 'sessions'] : ['workers']);
    if (released > 0) this.#pool.wake();
  }

  async #beat(): Promise<void> {
    const beats = this.#pool.slots.flatMap((slot) => (slot.registered ? [beatOf(slot.registered)] : []));
    if (beats.length === 0) return;
    const { lost, abort, safeUntilMs } = await this.#rows.renew(beats);
    const beaten = new Set(beats.map((beat) => beat.workerId));
    for (const slot of this.#pool.slots) {
      const workerId = slot.registered?.workerId;
      if (!workerId || !beaten.has(workerId)) continue;
      if (lost.includes(workerId)) slot.loseLease();
      else slot.send({ type: 'lease', safeUntilMs });
    }
    if (lost.length > 0)
      this.#warn({ workers: lost }, 'Leases ran out; these workers drop their sessions and start anew');
    for (const order of abort) this.#pool.sendTo(order.workerId, abortMessage(order));
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
    if (ready) this.#pool.wake();
  }

  async #rescue(): Promise<void> {
    const rescued = await this.#options.queue.rescue();
    if (rescued === 0) return;
    this.#warn({ sessions: rescued }, 'Sessions rescued from workers that are gone');
    this.#events.publish(['sessions', 'workers']);
    this.#pool.wake();
  }

  #onSignal(signal: QueueSignal): void {
    if (signal === 'ready') this.#pool.wake();
    else if (signal === 'cancel') this.#heartbeat.soon(0);
    else this.#promptDuties(0);
  }

  #promptDuties(delayMs: number): void {
    for (const task of this.#prompt) task.soon(delayMs);
  }

  #addDuty({ name, intervalMs, prompt = false, run }: ManagerDuty): void {
    const task = this.#task(name, intervalMs, () => run(this.#stopping.signal), Math.max(intervalMs, 10_000));
    this.#tasks.push(task);
    if (prompt) this.#prompt.push(task);
  }

  #warn(about: Record<string, unknown>, message: string): void {
    this.#tally.noteWarning();
    this.#logger.warn(about, message);
  }

  #task(name: string, intervalMs: number, run: () => Promise<void>, failureCapMs: number): RepeatingTask {
    return new RepeatingTask({
      run,
      intervalMs,
      failureCapMs,
      onTrouble: (error) =>
        error
          ? this.#warn({ err: error }, `The database does not answer (${name}); trying on`)
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
