import { PROGRAM_SCHEMA } from '#lib/db/schema-version.ts';
import { SessionVerbs, type SessionVerbsOptions } from './session-verbs.ts';
import { deregisterWorker, type WorkerEnd } from './transitions/deregister-worker.ts';
import { promoteDue } from './transitions/promote-due.ts';
import { refuseOldProgram } from './transitions/refuse-old-program.ts';
import { registerWorker, renewRegistration, type WorkerRegistration } from './transitions/register-worker.ts';
import { releaseHostSlots } from './transitions/release-host-slots.ts';
import { releaseWorkerSessions, type WorkerEndCause } from './transitions/release-worker.ts';
import { type HeartbeatAnswer, renewLeases, type WorkerBeat } from './transitions/renew-leases.ts';
import { rescueSessions } from './transitions/rescue.ts';
import { resumeHost } from './transitions/resume-host.ts';
import { retireLostWorkers } from './transitions/retire-workers.ts';

export type { CheckpointAnswer, CheckpointPatch, FoundLeads } from './transitions/checkpoint.ts';
export type { Claim, ClaimedSession } from './transitions/claim.ts';
export type { Completion } from './transitions/complete.ts';
export type { NewSession } from './transitions/enqueue.ts';
export type { WorkerRegistration } from './transitions/register-worker.ts';
export type { WorkerEndCause } from './transitions/release-worker.ts';
export type { AbortOrder, HeartbeatAnswer, WorkerBeat } from './transitions/renew-leases.ts';
export type { Settled } from './transitions/settle-one.ts';

export interface JobQueueOptions extends SessionVerbsOptions {
  /** How long a worker's claims outlive its manager's last heartbeat; default 30 s. */
  leaseMs?: number;
  /** How long past its time limit a session may run before rescue takes it from a living worker; default 30 s. */
  timeoutGraceMs?: number;
  /** What this program knows of the schema; a test may pretend to be another one. */
  program?: number;
}

/**
 * The queue of scraping sessions: every change of a session's state goes through one of these verbs, and each of them is
 * one SQL statement under transitions/, which says what it guarantees under concurrency. A worker's writes carry its claim;
 * once the claim is no longer good they change nothing and say 'stale'.
 *
 * One instance per process: it remembers the claim cursor and paces the notifications.
 */
export class JobQueue extends SessionVerbs {
  protected readonly program: number;
  readonly #leaseMs: number;
  readonly #timeoutGraceMs: number;

  constructor(options: JobQueueOptions) {
    super(options);
    this.#leaseMs = options.leaseMs ?? 30_000;
    this.#timeoutGraceMs = options.timeoutGraceMs ?? 30_000;
    this.program = options.program ?? PROGRAM_SCHEMA;
  }

  /**
   * The manager's heartbeat for all its workers: moves their leases on and brings back what they must stop.
   * @param leaseMs instead of the queue's own.
   */
  renewLeases(workers: readonly WorkerBeat[], leaseMs = this.#leaseMs): Promise<HeartbeatAnswer> {
    return renewLeases(this.db, workers, leaseMs, this.program);
  }

  /**
   * Adds a worker. What an earlier process of the same id still held goes back first. Safe to repeat, and to come late.
   * @param leaseMs instead of the queue's own.
   * @throws LeaseLostError when a younger process has the id.
   */
  async registerWorker(worker: WorkerRegistration, leaseMs = this.#leaseMs): Promise<void> {
    await this.db.transaction(async (tx) => {
      await refuseOldProgram(tx, this.program);
      if (await renewRegistration(tx, worker, leaseMs)) return;
      await releaseWorkerSessions(tx, worker.workerId, 'lost');
      await releaseHostSlots(tx, worker.workerId);
      await registerWorker(tx, worker, leaseMs);
    });
  }

  /** Says that a worker has ended; it can claim nothing from here on. */
  async deregisterWorker(workerId: string, end: WorkerEnd): Promise<void> {
    await deregisterWorker(this.db, workerId, end);
  }

  /**
   * Takes back the sessions and host slots of a worker whose process is gone; returns the number of sessions.
   * See WorkerEndCause for what is charged. Safe to repeat.
   * @param end `reason` is one sentence for people; `pid` is the process that is gone: a new one of the same name keeps all.
   */
  async releaseWorker(
    workerId: string,
    cause: Exclude<WorkerEndCause, 'lost'>,
    { reason = RELEASE_REASONS[cause], pid }: { reason?: string | undefined; pid?: number | undefined } = {},
  ): Promise<number> {
    const status = cause === 'stopped' ? 'stopped' : 'crashed';
    if (!(await deregisterWorker(this.db, workerId, { status, reason, pid }))) return 0;
    const released = await releaseWorkerSessions(this.db, workerId, cause, pid);
    await releaseHostSlots(this.db, workerId, pid);
    await this.lines.move(released.flatMap(({ hostKeys }) => hostKeys));
    if (released.length > 0) this.notifier.notify('ready');
    return released.length;
  }

  /** Takes back sessions that nobody answers for; returns their number. */
  async rescue(): Promise<number> {
    const rescued = await rescueSessions(this.db, this.#timeoutGraceMs);
    await retireLostWorkers(this.db);
    await this.lines.move(rescued.flatMap(({ hostKeys }) => hostKeys));
    if (rescued.length > 0) this.notifier.notify('ready');
    return rescued.length;
  }

  /**
   * Lets a host be asked again although it is paused or in back-off, and wakes the sessions that sleep because of it.
   * @returns false when nobody has ever asked the host.
   */
  async resumeHost(hostKey: string): Promise<boolean> {
    const known = await resumeHost(this.db, hostKey);
    await this.lines.move([hostKey]);
    this.notifier.notify('ready');
    return known;
  }

  /** Promotes sessions whose time or turn has come and says whether anything waits to be claimed (by these sources, if given). */
  async tick(sources?: readonly string[]): Promise<{ ready: boolean }> {
    return { ready: await promoteDue(this.db, sources ?? null) };
  }
}

const RELEASE_REASONS = {
  crashed: 'The process ended unexpectedly',
  killed: 'The process was killed from outside',
  stopped: 'Stopped',
} as const;
