import type { ChildProcess } from 'node:child_process';
import type { Logger } from '#lib/logger.ts';
import { type ManagerMessage, monotonicNowMs, parseWorkerMessage, type WorkerStats } from '../messages.ts';
import type { WorkerEndCause } from '../queue/job-queue.ts';
import { type ChildExit, describeExit, failuresAfter, workerEndCause } from './worker-end.ts';

/** A process of a worker, as the database knows it. */
export interface NamedProcess {
  workerId: string;
  pid: number;
  processStartedAt: Date;
}

/** What a slot asks of the manager. */
export interface WorkerSlotPorts {
  spawn: () => ChildProcess;
  nameWorker: (pid: number) => string;
  /** Adds the worker to the database, however long it takes; gives until when its lease is safe. */
  register: (worker: NamedProcess) => Promise<number>;
  /** Takes back what the worker held, however long it takes. */
  release: (worker: NamedProcess, cause: Exclude<WorkerEndCause, 'lost'>, reason: string) => Promise<void>;
  onChange: () => void;
  /** A process has ended; with what it last said of itself, if it said anything. */
  onEnd: (cause: Exclude<WorkerEndCause, 'lost'>, last: { pid: number; stats: WorkerStats } | null) => void;
  /** How many processes the kernel has killed for want of memory since this was last called, for any slot. */
  countOomKills: () => number;
  restartDelayMs: (failures: number) => number;
  autoRestart: boolean;
  logger: Logger;
}

/** A worker that was told to stop gets this much longer than its grace before it is killed. */
const STOP_MARGIN_MS = 5_000;

/** Several of the beats that a worker sends every second. */
const SUSPICION_MS = 4_000;

interface RunningWorker {
  child: ChildProcess;
  workerId: string;
  forkedAt: Date;
  forkedAtMs: number;
  lastHeardAtMs: number;
  registered: boolean;
  /** It seemed to be silent, and has not been heard since. */
  suspected: boolean;
  /** It was killed for its silence. */
  silent: boolean;
  stats: WorkerStats | null;
}

/**
 * The place of one worker: forks it, watches it, replaces it. The new process is forked without waiting for the database;
 * only its registration waits until what the old one held has been taken back.
 */
export class WorkerSlot {
  readonly #ports: WorkerSlotPorts;
  #worker: RunningWorker | null = null;
  #database: Promise<void> = Promise.resolve();
  #failures = 0;
  #restartTimer: NodeJS.Timeout | null = null;
  #killTimer: NodeJS.Timeout | null = null;
  #stopping = false;
  #replacing = false;
  #isVacant = false;
  #intakeLimit = Number.POSITIVE_INFINITY;
  readonly #ended = Promise.withResolvers<void>();

  constructor(ports: WorkerSlotPorts) {
    this.#ports = ports;
  }

  /** The worker that has a row in the database; null while there is none. */
  get registered(): { workerId: string; stats: WorkerStats | null } | null {
    return this.#worker?.registered ? this.#worker : null;
  }

  /** The worker that listens and has told how it is, also while it has no row in the database. */
  get listening(): { pid: number; stats: WorkerStats } | null {
    return this.#worker && lastWordsOf(this.#worker);
  }

  /** Resolves when it was stopped, its process is gone and all that is known of it is in the database. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isEmpty(): boolean {
    return this.#worker === null;
  }

  /** Whether its worker has ended and none follows. */
  get isVacant(): boolean {
    return this.#isVacant;
  }

  get activeSessions(): number {
    return this.#worker?.stats?.activeSessions ?? 0;
  }

  get mayClaim(): boolean {
    return this.#intakeLimit > 0 && !this.#stopping;
  }

  get hasFreeSlots(): boolean {
    if (this.#worker?.registered !== true) return false;
    const stats = this.#worker.stats;
    return !stats || stats.activeSessions < Math.min(stats.concurrency, this.#intakeLimit);
  }

  /** The most sessions that its worker may run at once, from now on and after a restart. */
  setIntake(limit: number): void {
    if (limit === this.#intakeLimit) return;
    this.#intakeLimit = limit;
    this.send({ type: 'intake', limit });
  }

  start(): void {
    this.#restartTimer = null;
    if (this.#stopping) return;
    try {
      this.#adopt(this.#ports.spawn());
    } catch (error) {
      // Out of processes or memory: the machine may have some again later.
      this.#ports.logger.error({ err: error }, 'Cannot fork a worker');
      this.#scheduleRestart();
    }
  }

  send(message: ManagerMessage): void {
    const child = this.#worker?.child;
    // A child that is just dying has no channel any more; its exit is handled elsewhere.
    if (child?.connected) child.send(message, () => {});
  }

  /** Others may have its sessions: it must drop them, and gets a new lease. */
  loseLease(): void {
    const worker = this.#worker;
    if (!worker?.registered) return;
    worker.registered = false;
    this.send({ type: 'lease-lost', reason: 'The lease ran out before it could be renewed' });
    this.#register(worker);
  }

  /** Kills a worker that has said nothing for `silenceMs`, and goes on saying nothing for a moment. */
  checkSilence(silenceMs: number): void {
    const worker = this.#worker;
    if (!worker || worker.suspected || monotonicNowMs() - worker.lastHeardAtMs < silenceMs) return;
    worker.suspected = true;
    const { lastHeardAtMs } = worker;
    // Where we have stood still ourselves, alone or with the whole machine, what it said waits to be heard, or it is about to say it.
    setTimeout(() => {
      if (this.#worker !== worker) return;
      if (worker.lastHeardAtMs === lastHeardAtMs) this.#killSilent(worker, silenceMs);
      else worker.suspected = false;
    }, SUSPICION_MS);
  }

  #killSilent(worker: RunningWorker, silenceMs: number): void {
    worker.silent = true;
    this.#ports.logger.error({ worker: worker.workerId, silenceMs }, 'A worker does not answer any more; killing it');
    worker.child.kill('SIGKILL');
  }

  /** Ends the worker for good. Called again with a shorter grace, the shorter one counts. */
  stop(graceMs: number): void {
    this.#stopping = true;
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    this.#drain(graceMs);
    if (!this.#worker) this.#noteEnded();
  }

  /** Ends the worker and starts a new one at once, for new code. */
  replace(graceMs: number): void {
    if (!this.#worker || this.#stopping) return;
    this.#replacing = true;
    this.#drain(graceMs);
  }

  /** Resolves when all that is known of this slot's workers is in the database. */
  databaseSettled(): Promise<void> {
    return this.#database;
  }

  #drain(graceMs: number): void {
    this.send({ type: 'drain', graceMs });
    const { child } = this.#worker ?? {};
    if (this.#killTimer) clearTimeout(this.#killTimer);
    this.#killTimer = child ? setTimeout(() => child.kill('SIGKILL'), graceMs + STOP_MARGIN_MS) : null;
  }

  #adopt(child: ChildProcess): void {
    const now = monotonicNowMs();
    const workerId = this.#ports.nameWorker(child.pid ?? 0);
    const worker: RunningWorker = {
      child,
      workerId,
      forkedAt: new Date(),
      forkedAtMs: now,
      lastHeardAtMs: now,
      registered: false,
      suspected: false,
      silent: false,
      stats: null,
    };
    this.#worker = worker;
    child.on('message', (message) => this.#hear(worker, message));
    child.on('error', (error) => this.#ports.logger.error({ worker: workerId, err: error }, 'A worker process failed'));
    // 'exit' comes with the process's end, also when something still holds its output open.
    child.on('exit', (code, signal) => this.#bury(worker, code, signal));
    if (child.pid === undefined) this.#bury(worker, null, null);
    else this.#ports.logger.info({ worker: workerId, childPid: child.pid }, 'Worker forked');
  }

  #hear(worker: RunningWorker, raw: unknown): void {
    worker.lastHeardAtMs = monotonicNowMs();
    try {
      const message = parseWorkerMessage(raw);
      if (message.type === 'ready') this.#welcome(worker);
      else this.#noteStats(worker, message.stats);
    } catch (error) {
      this.#ports.logger.error({ worker: worker.workerId, err: error }, 'A worker sent something that is no message');
    }
  }

  #noteStats(worker: RunningWorker, stats: WorkerStats): void {
    const changed = worker.stats?.status !== stats.status;
    worker.stats = stats;
    if (changed) this.#ports.onChange();
  }

  #welcome(worker: RunningWorker): void {
    this.send({ type: 'welcome', workerId: worker.workerId });
    // Before the lease, with which it begins to claim.
    if (Number.isFinite(this.#intakeLimit)) this.send({ type: 'intake', limit: this.#intakeLimit });
    this.#register(worker);
  }

  #register(worker: RunningWorker): void {
    this.#afterDatabase(async () => {
      if (this.#worker !== worker || worker.child.pid === undefined) return;
      const safeUntilMs = await this.#ports.register(processOf(worker));
      // It may have died meanwhile. Then the release that waits behind this takes the row back, with all that was claimed under it:
      // the successor waits for a lease of its own.
      if (this.#worker !== worker) return;
      worker.registered = true;
      this.send({ type: 'lease', safeUntilMs });
      this.#ports.onChange();
    });
  }

  #bury(worker: RunningWorker, code: number | null, signal: string | null): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    if (this.#killTimer) clearTimeout(this.#killTimer);
    const replacing = this.#replacing;
    this.#replacing = false;
    const oomKills = signal === 'SIGKILL' ? this.#ports.countOomKills() : 0;
    const exit: ChildExit = { code, signal, stopping: this.#stopping || replacing, silent: worker.silent, oomKills };
    const cause = workerEndCause(exit);
    const level = cause === 'stopped' ? 'info' : 'error';
    const livedMs = Math.round(monotonicNowMs() - worker.forkedAtMs);
    this.#ports.logger[level]({ worker: worker.workerId, code, signal, cause, livedMs }, describeExit(exit));
    this.#ports.onEnd(cause, lastWordsOf(worker));
    this.#afterDatabase(() => this.#ports.release(processOf(worker), cause, describeExit(exit)));
    if (this.#stopping) this.#noteEnded();
    this.#failures = failuresAfter(this.#failures, { cause, livedMs, wasWorking: worker.registered });
    if (replacing) this.start();
    else this.#scheduleRestart();
    this.#ports.onChange();
  }

  #scheduleRestart(): void {
    if (this.#stopping) return;
    if (!this.#ports.autoRestart) {
      this.#isVacant = true;
      this.#ports.logger.error('The worker is not replaced, because AUTO_RESTART is false');
      return;
    }
    const delayMs = this.#ports.restartDelayMs(this.#failures);
    this.#ports.logger.warn({ delayMs, failures: this.#failures }, 'A new worker follows');
    this.#restartTimer = setTimeout(() => this.start(), delayMs);
  }

  #noteEnded(): void {
    void this.#database.then(() => this.#ended.resolve());
  }

  /** One thing after the other, for the old and the new process may bear the same name. */
  #afterDatabase(work: () => Promise<void>): void {
    this.#database = this.#database.then(work).catch((error) => {
      this.#ports.logger.error({ err: error }, 'The state of a worker could not be saved');
    });
  }
}

function lastWordsOf({ child, stats }: RunningWorker): { pid: number; stats: WorkerStats } | null {
  return child.pid !== undefined && stats ? { pid: child.pid, stats } : null;
}

/** One that could not be forked has no pid: the number 0 is that of none. */
function processOf({ workerId, child, forkedAt }: RunningWorker): NamedProcess {
  return { workerId, pid: child.pid ?? 0, processStartedAt: forkedAt };
}
