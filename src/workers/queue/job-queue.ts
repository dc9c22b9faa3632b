import { randomUUID } from 'node:crypto';
import type { Db, Executor } from '#lib/db/create-db.ts';
import { PROGRAM_SCHEMA } from '#lib/db/schema-version.ts';
import { InvalidInputError, LeaseLostError } from '#lib/errors.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { Claimer, type ClaimOptions } from './claimer.ts';
import { QueueNotifier } from './queue-notifier.ts';
import { type CancelledOptions, cancelSession } from './transitions/cancelled.ts';
import {
  type CheckpointAnswer,
  type CheckpointPatch,
  type FoundLeads,
  holdSession,
  saveCheckpoint,
} from './transitions/checkpoint.ts';
import type { Claim, ClaimedSession } from './transitions/claim.ts';
import { type Completion, completeSessions, findCompleted } from './transitions/complete.ts';
import { deregisterWorker, type WorkerEnd } from './transitions/deregister-worker.ts';
import { type EnqueuedSession, enqueueSessions, type NewSession } from './transitions/enqueue.ts';
import { type FailOptions, failSession } from './transitions/fail.ts';
import { deleteEmptyBatch, findBatchByKey } from './transitions/find-batch.ts';
import { type HandBackOptions, handBackSession } from './transitions/hand-back.ts';
import { promoteDue } from './transitions/promote-due.ts';
import { promoteHostLines } from './transitions/promote-host-lines.ts';
import { refuseOldProgram } from './transitions/refuse-old-program.ts';
import { registerWorker, renewRegistration, type WorkerRegistration } from './transitions/register-worker.ts';
import { releaseHostSlots } from './transitions/release-host-slots.ts';
import { releaseWorkerSessions, type WorkerEndCause } from './transitions/release-worker.ts';
import { type HeartbeatAnswer, renewLeases, type WorkerBeat } from './transitions/renew-leases.ts';
import { type CancelAnswer, requestCancel } from './transitions/request-cancel.ts';
import { rescueSessions } from './transitions/rescue.ts';
import { resumeHost } from './transitions/resume-host.ts';
import { retireLostWorkers } from './transitions/retire-workers.ts';
import { type RetryOptions, retrySession } from './transitions/retry.ts';
import { type RetryByHandAnswer, retryByHand } from './transitions/retry-by-hand.ts';
import type { Settled, SettledSession } from './transitions/settle-one.ts';
import { type SnoozeOptions, snoozeSession } from './transitions/snooze.ts';

export type { CheckpointAnswer, CheckpointPatch, FoundLeads } from './transitions/checkpoint.ts';
export type { Claim, ClaimedSession } from './transitions/claim.ts';
export type { Completion } from './transitions/complete.ts';
export type { EnqueuedSession, NewSession } from './transitions/enqueue.ts';
export type { WorkerRegistration } from './transitions/register-worker.ts';
export type { WorkerEndCause } from './transitions/release-worker.ts';
export type { AbortOrder, HeartbeatAnswer, WorkerBeat } from './transitions/renew-leases.ts';
export type { CancelAnswer } from './transitions/request-cancel.ts';
export type { RetryByHandAnswer } from './transitions/retry-by-hand.ts';
export type { Settled } from './transitions/settle-one.ts';

export interface JobQueueOptions {
  db: Db;
  /** How long a worker's claims outlive its manager's last heartbeat; default 30 s. */
  leaseMs?: number;
  /** How long past its time limit a session may run before rescue takes it from a living worker; default 30 s. */
  timeoutGraceMs?: number;
  /** What this program knows of the schema; a test may pretend to be another one. */
  program?: number;
  /** Told of notifications that could not be sent and lines that could not move on; the next tick makes up for both. */
  onNotifyError?: (error: unknown) => void;
}

export interface EnqueueOptions {
  /** A new one unless given. Without a key, sessions may be added to a batch that exists. */
  batchId?: string;
  /** Any number of calls with the same key make one batch, and all get it. */
  idempotencyKey?: string;
  /** For sessions that do not say; default 3. */
  defaultMaxRetries?: number;
}

export interface EnqueueAnswer {
  batchId: string;
  /** False when the key had made this batch before. */
  created: boolean;
  /** In the order of the request. */
  sessions: EnqueuedSession[];
}

/**
 * The queue of scraping sessions: every change of a session's state goes through one of these verbs, and each of them is
 * one SQL statement under transitions/, which says what it guarantees under concurrency. A worker's writes carry its claim;
 * once the claim is no longer good they change nothing and say 'stale'.
 *
 * One instance per process: it remembers the claim cursor and paces the notifications.
 */
export class JobQueue {
  readonly #db: Db;
  readonly #leaseMs: number;
  readonly #timeoutGraceMs: number;
  readonly #program: number;
  readonly #notifier: QueueNotifier;
  readonly #onNotifyError: (error: unknown) => void;
  readonly #claimer: Claimer;

  constructor(options: JobQueueOptions) {
    this.#db = options.db;
    this.#claimer = new Claimer(options.db);
    this.#leaseMs = options.leaseMs ?? 30_000;
    this.#timeoutGraceMs = options.timeoutGraceMs ?? 30_000;
    this.#program = options.program ?? PROGRAM_SCHEMA;
    this.#onNotifyError = options.onNotifyError ?? (() => {});
    this.#notifier = new QueueNotifier(options.db, this.#onNotifyError);
  }

  /**
   * Makes sessions, all or none, and wakes the managers after the commit.
   * @throws InvalidInputError when there is nothing to enqueue.
   */
  async enqueue(sessions: readonly NewSession[], options: EnqueueOptions = {}): Promise<EnqueueAnswer> {
    const answer = await this.enqueueWithin(this.#db, sessions, options);
    if (answer.created) await this.announce(sessions);
    return answer;
  }

  /** The same as a part of the caller's transaction. Nobody is woken: call `announce` once that is committed. */
  async enqueueWithin(
    tx: Executor,
    sessions: readonly NewSession[],
    options: EnqueueOptions = {},
  ): Promise<EnqueueAnswer> {
    if (sessions.length === 0) throw new InvalidInputError('There is no session to enqueue; give at least one.');
    const batchId = options.batchId ?? randomUUID();
    const idempotencyKey = options.idempotencyKey ?? null;
    const made = await enqueueSessions(tx, {
      batchId,
      idempotencyKey,
      sessions,
      defaultMaxRetries: options.defaultMaxRetries ?? 3,
    });
    if (made.length > 0) return { batchId, created: true, sessions: made };
    const earlier = idempotencyKey === null ? null : await findBatchByKey(tx, idempotencyKey);
    if (earlier && earlier.sessions.length > 0) return { ...earlier, created: false };
    if (!earlier && options.batchId !== undefined) {
      throw new InvalidInputError(`The batch "${batchId}" exists already, under another idempotency key.`);
    }
    // Its sessions were pruned: the call that made them is longer ago than anything is kept, so this one is a new one. Without a
    // batch, another caller is just doing the same.
    if (earlier) await deleteEmptyBatch(tx, earlier.batchId);
    return this.enqueueWithin(tx, sessions, options);
  }

  /** Tells that these sessions have been committed. What is lost here, the next tick finds. */
  async announce(sessions: readonly NewSession[]): Promise<void> {
    await this.moveLines(sessions.flatMap(({ hostKey, wakeAt }) => (hostKey && !wakeAt ? [hostKey] : [])));
    if (sessions.some((session) => session.wakeAt === undefined)) this.#notifier.notify('ready');
  }

  /**
   * Hands out ready sessions, best priority first, then oldest; empty when there are none for these sources.
   * @param place 'front' looks at all of them, which costs more; else the claim goes on where the last one of this process ended.
   */
  claim(options: ClaimOptions, place: 'cursor' | 'front' = 'cursor'): Promise<ClaimedSession[]> {
    const claimer = place === 'front' ? new Claimer(this.#db) : this.#claimer;
    return claimer.claim(options);
  }

  /** Tells that new work may have come with a better place in the queue; call it when woken. */
  noteWake(): void {
    this.#claimer.noteNewWork();
  }

  /**
   * Saves position, progress and leads of a running session in one transaction. `effects` writes the leads through `tx`
   * and says how many were new; its numbers are added to the session's. Nobody else can take the session meanwhile.
   * @throws LeaseLostError when the claim is no longer good; then nothing was written.
   */
  async checkpoint(
    claim: Claim,
    patch: CheckpointPatch,
    effects: (tx: Executor) => Promise<FoundLeads> = async () => ({ found: 0, fresh: 0 }),
  ): Promise<CheckpointAnswer> {
    const saved = await this.#db.transaction(async (tx) => {
      const held = await holdSession(tx, claim);
      const answer = held ? await saveCheckpoint(tx, claim.id, patch, await effects(tx)) : undefined;
      if (!answer) throw leaseLost(claim);
      return answer;
    });
    await faultPoint('after_commit');
    return saved;
  }

  /**
   * Completes sessions and returns the ids that were still ours. Safe to repeat: a claim that an earlier call completed,
   * whose answer was lost, is in the answer again, and nothing is written twice.
   */
  async complete(items: readonly Completion[]): Promise<Set<number>> {
    if (items.length === 0) return new Set();
    const completed = await completeSessions(this.#db, items);
    await faultPoint('after_commit');
    await this.moveLines(completed.flatMap(({ hostKey }) => hostKey ?? []));
    const done = new Set(completed.map(({ id }) => id));
    const missing = items.filter((item) => !done.has(item.id));
    if (missing.length === 0) return done;
    return new Set([...done, ...(await findCompleted(this.#db, missing))]);
  }

  /** A try that failed and counts. Waits 30, 60, 120 … s, at most 300 s, or fails the session when no try is left. */
  retry(claim: Claim, options: RetryOptions): Promise<Settled> {
    return this.#settle(retrySession(this.#db, claim, options));
  }

  /** Ends the session as failed, whatever tries are left. */
  fail(claim: Claim, options: FailOptions): Promise<Settled> {
    return this.#settle(failSession(this.#db, claim, options));
  }

  /** Puts the session to sleep without charging an attempt (throttling, a host that must rest, no proxy). */
  snooze(claim: Claim, options: SnoozeOptions): Promise<Settled> {
    return this.#settle(snoozeSession(this.#db, claim, options));
  }

  /** Gives the session back at once without charging an attempt (shutdown). */
  async handBack(claim: Claim, options: HandBackOptions): Promise<Settled> {
    const settled = await this.#settle(handBackSession(this.#db, claim, options));
    if (settled === 'pending') this.#notifier.notify('ready');
    return settled;
  }

  /** Says that a requested cancel has been obeyed. */
  cancelled(claim: Claim, options: CancelledOptions = {}): Promise<Settled> {
    return this.#settle(cancelSession(this.#db, claim, options));
  }

  /** Cancels a pending session at once and a running one through its worker. */
  async requestCancel(id: number): Promise<CancelAnswer> {
    const answer = await requestCancel(this.#db, id);
    if (answer === 'cancelling') this.#notifier.notify('cancel');
    return answer;
  }

  /** Starts an ended session again, with all its tries. */
  async retryByHand(id: number): Promise<RetryByHandAnswer> {
    const { answer, hostKey } = await retryByHand(this.#db, id);
    await this.moveLines(hostKey === null ? [] : [hostKey]);
    if (answer === 'pending') this.#notifier.notify('ready');
    return answer;
  }

  /**
   * The manager's heartbeat for all its workers: moves their leases on and brings back what they must stop.
   * @param leaseMs instead of the queue's own.
   */
  renewLeases(workers: readonly WorkerBeat[], leaseMs = this.#leaseMs): Promise<HeartbeatAnswer> {
    return renewLeases(this.#db, workers, leaseMs, this.#program);
  }

  /**
   * Adds a worker. What an earlier process of the same id still held goes back first. Safe to repeat, and to come late.
   * @param leaseMs instead of the queue's own.
   * @throws LeaseLostError when a younger process has the id.
   */
  async registerWorker(worker: WorkerRegistration, leaseMs = this.#leaseMs): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await refuseOldProgram(tx, this.#program);
      if (await renewRegistration(tx, worker, leaseMs)) return;
      await releaseWorkerSessions(tx, worker.workerId, 'lost');
      await releaseHostSlots(tx, worker.workerId);
      await registerWorker(tx, worker, leaseMs);
    });
  }

  /** Says that a worker has ended; it can claim nothing from here on. */
  async deregisterWorker(workerId: string, end: WorkerEnd): Promise<void> {
    await deregisterWorker(this.#db, workerId, end);
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
    if (!(await deregisterWorker(this.#db, workerId, { status, reason, pid }))) return 0;
    const released = await releaseWorkerSessions(this.#db, workerId, cause, pid);
    await releaseHostSlots(this.#db, workerId, pid);
    await this.moveLines(released.flatMap(({ hostKeys }) => hostKeys));
    if (released.length > 0) this.#notifier.notify('ready');
    return released.length;
  }

  /** Takes back sessions that nobody answers for; returns their number. */
  async rescue(): Promise<number> {
    const rescued = await rescueSessions(this.#db, this.#timeoutGraceMs);
    await retireLostWorkers(this.#db);
    await this.moveLines(rescued.flatMap(({ hostKeys }) => hostKeys));
    if (rescued.length > 0) this.#notifier.notify('ready');
    return rescued.length;
  }

  /**
   * Lets a host be asked again although it is paused or in back-off, and wakes the sessions that sleep because of it.
   * @returns false when nobody has ever asked the host.
   */
  async resumeHost(hostKey: string): Promise<boolean> {
    const known = await resumeHost(this.#db, hostKey);
    await this.moveLines([hostKey]);
    this.#notifier.notify('ready');
    return known;
  }

  /** Promotes sessions whose time or turn has come and says whether anything waits to be claimed (by these sources, if given). */
  async tick(sources?: readonly string[]): Promise<{ ready: boolean }> {
    return { ready: await promoteDue(this.#db, sources ?? null) };
  }

  async #settle(settling: Promise<SettledSession>): Promise<Settled> {
    const { status, hostKeys } = await settling;
    await this.moveLines(hostKeys);
    return status;
  }

  /**
   * A place has become free at these hosts, or somebody has joined their lines. Whoever asks is about to claim, so the next
   * session of the host goes on without a notification. What was done before stays done when this fails.
   */
  protected async moveLines(hostKeys: readonly string[]): Promise<void> {
    if (hostKeys.length === 0) return;
    try {
      if ((await promoteHostLines(this.#db, [...new Set(hostKeys)])) > 0) this.#claimer.noteNewWork();
    } catch (error) {
      this.#onNotifyError(error);
    }
  }
}

const RELEASE_REASONS = {
  crashed: 'The process ended unexpectedly',
  killed: 'The process was killed from outside',
  stopped: 'Stopped',
} as const;

function leaseLost(claim: Claim): LeaseLostError {
  return new LeaseLostError(`Claim ${claim.claimNumber} of session ${claim.id} is no longer good; nothing was saved.`, {
    context: { sessionId: claim.id, claimNumber: claim.claimNumber },
  });
}
