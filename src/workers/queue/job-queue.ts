import { randomUUID } from 'node:crypto';
import type { Db, Executor } from '#lib/db/create-db.ts';
import { InvalidInputError, LeaseLostError } from '#lib/errors.ts';
import { ClaimCursor } from './claim-cursor.ts';
import { QueueNotifier } from './queue-notifier.ts';
import { type CancelledOptions, cancelSession } from './transitions/cancelled.ts';
import {
  type CheckpointAnswer,
  type CheckpointPatch,
  type FoundLeads,
  holdSession,
  saveCheckpoint,
} from './transitions/checkpoint.ts';
import { type Claim, type ClaimedSession, claimSessions } from './transitions/claim.ts';
import { type Completion, completeSessions, findCompleted } from './transitions/complete.ts';
import { deregisterWorker, type WorkerEnd } from './transitions/deregister-worker.ts';
import { type EnqueuedSession, enqueueSessions, type NewSession } from './transitions/enqueue.ts';
import { type FailOptions, failSession } from './transitions/fail.ts';
import { findBatchByKey } from './transitions/find-batch.ts';
import { type HandBackOptions, handBackSession } from './transitions/hand-back.ts';
import { promoteDue } from './transitions/promote-due.ts';
import { registerWorker, type WorkerRegistration } from './transitions/register-worker.ts';
import { releaseHostSlots } from './transitions/release-host-slots.ts';
import { releaseWorkerSessions, type WorkerEndCause } from './transitions/release-worker.ts';
import { type HeartbeatAnswer, renewLeases, type WorkerBeat } from './transitions/renew-leases.ts';
import { type CancelAnswer, requestCancel } from './transitions/request-cancel.ts';
import { rescueSessions } from './transitions/rescue.ts';
import { retireLostWorkers } from './transitions/retire-workers.ts';
import { type RetryOptions, retrySession } from './transitions/retry.ts';
import { type RetryByHandAnswer, retryByHand } from './transitions/retry-by-hand.ts';
import type { Settled } from './transitions/settle-one.ts';
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
  /** Told of notifications that could not be sent; nothing depends on them. */
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

export interface ClaimOptions {
  workerId: string;
  /** Only these are claimed. */
  sources: readonly string[];
  /** Most sessions to hand out: the worker's free slots. */
  limit: number;
  /** Time for one attempt, for all sources or per source; a source that is not named gets 10 minutes. */
  jobTimeoutMs: number | Readonly<Record<string, number>>;
}

const DEFAULT_JOB_TIMEOUT_MS = 600_000;

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
  readonly #notifier: QueueNotifier;
  readonly #cursor = new ClaimCursor();

  constructor(options: JobQueueOptions) {
    this.#db = options.db;
    this.#leaseMs = options.leaseMs ?? 30_000;
    this.#timeoutGraceMs = options.timeoutGraceMs ?? 30_000;
    this.#notifier = new QueueNotifier(options.db, options.onNotifyError);
  }

  /**
   * Makes sessions, all or none, and wakes the managers after the commit.
   * @throws InvalidInputError when there is nothing to enqueue.
   */
  async enqueue(sessions: readonly NewSession[], options: EnqueueOptions = {}): Promise<EnqueueAnswer> {
    if (sessions.length === 0) throw new InvalidInputError('There is no session to enqueue; give at least one.');
    const batchId = options.batchId ?? randomUUID();
    const idempotencyKey = options.idempotencyKey ?? null;
    const made = await enqueueSessions(this.#db, {
      batchId,
      idempotencyKey,
      sessions,
      defaultMaxRetries: options.defaultMaxRetries ?? 3,
    });
    if (made.length > 0) {
      if (sessions.some((session) => session.wakeAt === undefined)) this.#notifier.notify('ready');
      return { batchId, created: true, sessions: made };
    }
    const earlier = idempotencyKey === null ? null : await findBatchByKey(this.#db, idempotencyKey);
    if (!earlier) throw new InvalidInputError(`The batch "${batchId}" exists already, under another idempotency key.`);
    return { ...earlier, created: false };
  }

  /** Hands out ready sessions, best priority first, then oldest; empty when there are none for these sources. */
  async claim(options: ClaimOptions): Promise<ClaimedSession[]> {
    if (options.limit < 1 || options.sources.length === 0) return [];
    const first = await this.#claimOnce(options);
    if (first.sessions.length > 0 || first.fromFront) return first.sessions;
    // Nothing behind the cursor: look once from the front, if that is affordable, before saying that there is nothing.
    return (await this.#claimOnce(options)).sessions;
  }

  async #claimOnce(options: ClaimOptions): Promise<{ sessions: ClaimedSession[]; fromFront: boolean }> {
    const startedMs = performance.now();
    const fromFront = this.#cursor.begin(startedMs);
    const sources = options.sources.map((source) => ({
      source,
      ...this.#cursor.position(source),
      jobTimeoutMs: jobTimeoutOf(options.jobTimeoutMs, source),
    }));
    const sessions = await claimSessions(this.#db, options.workerId, sources, options.limit);
    this.#cursor.advance(sessions);
    if (fromFront) this.#cursor.noteRewindCost(performance.now() - startedMs);
    else if (sessions.length < options.limit) this.#cursor.wishRewind();
    return { sessions, fromFront };
  }

  /** Tells that new work may have come with a better place in the queue; call it when woken. */
  noteWake(): void {
    this.#cursor.wishRewind();
  }

  /**
   * Saves position, progress and leads of a running session in one transaction. `effects` writes the leads through `tx`
   * and says how many were new; its numbers are added to the session's. Nobody else can take the session meanwhile.
   * @throws LeaseLostError when the claim is no longer good; then nothing was written.
   */
  checkpoint(
    claim: Claim,
    patch: CheckpointPatch,
    effects: (tx: Executor) => Promise<FoundLeads> = async () => ({ found: 0, fresh: 0 }),
  ): Promise<CheckpointAnswer> {
    return this.#db.transaction(async (tx) => {
      const held = await holdSession(tx, claim);
      const answer = held ? await saveCheckpoint(tx, claim.id, patch, await effects(tx)) : undefined;
      if (!answer) throw leaseLost(claim);
      return answer;
    });
  }

  /**
   * Completes sessions and returns the ids that were still ours. Safe to repeat: a claim that an earlier call completed,
   * whose answer was lost, is in the answer again, and nothing is written twice.
   */
  async complete(items: readonly Completion[]): Promise<Set<number>> {
    if (items.length === 0) return new Set();
    const done = await completeSessions(this.#db, items);
    const missing = items.filter((item) => !done.has(item.id));
    if (missing.length === 0) return done;
    return new Set([...done, ...(await findCompleted(this.#db, missing))]);
  }

  /** A try that failed and counts. Waits 30, 60, 120 … s, at most 300 s, or fails the session when no try is left. */
  retry(claim: Claim, options: RetryOptions): Promise<Settled> {
    return retrySession(this.#db, claim, options);
  }

  /** Ends the session as failed, whatever tries are left. */
  fail(claim: Claim, options: FailOptions): Promise<Settled> {
    return failSession(this.#db, claim, options);
  }

  /** Puts the session to sleep without charging an attempt (throttling, a host that must rest, no proxy). */
  snooze(claim: Claim, options: SnoozeOptions): Promise<Settled> {
    return snoozeSession(this.#db, claim, options);
  }

  /** Gives the session back at once without charging an attempt (shutdown). */
  async handBack(claim: Claim, options: HandBackOptions): Promise<Settled> {
    const settled = await handBackSession(this.#db, claim, options);
    if (settled === 'pending') this.#notifier.notify('ready');
    return settled;
  }

  /** Says that a requested cancel has been obeyed. */
  cancelled(claim: Claim, options: CancelledOptions = {}): Promise<Settled> {
    return cancelSession(this.#db, claim, options);
  }

  /** Cancels a pending session at once and a running one through its worker. */
  async requestCancel(id: number): Promise<CancelAnswer> {
    const answer = await requestCancel(this.#db, id);
    if (answer === 'cancelling') this.#notifier.notify('cancel');
    return answer;
  }

  /** Starts an ended session again, with all its tries. */
  async retryByHand(id: number): Promise<RetryByHandAnswer> {
    const answer = await retryByHand(this.#db, id);
    if (answer === 'pending') this.#notifier.notify('ready');
    return answer;
  }

  /** The manager's heartbeat for all its workers: moves their leases on and brings back what they must stop. */
  renewLeases(workers: readonly WorkerBeat[]): Promise<HeartbeatAnswer> {
    return renewLeases(this.#db, workers, this.#leaseMs);
  }

  /** Adds a worker. What an earlier process of the same id still held goes back first. */
  async registerWorker(worker: WorkerRegistration): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await releaseWorkerSessions(tx, worker.workerId, 'lost');
      await releaseHostSlots(tx, worker.workerId);
      await registerWorker(tx, worker, this.#leaseMs);
    });
  }

  /** Says that a worker has ended; it can claim nothing from here on. */
  deregisterWorker(workerId: string, end: WorkerEnd): Promise<void> {
    return deregisterWorker(this.#db, workerId, end);
  }

  /**
   * Takes back the sessions and host slots of a worker whose process is gone; returns the number of sessions.
   * See WorkerEndCause for what is charged. Safe to repeat.
   */
  async releaseWorker(workerId: string, cause: Exclude<WorkerEndCause, 'lost'>): Promise<number> {
    await deregisterWorker(this.#db, workerId, {
      status: cause === 'stopped' ? 'stopped' : 'crashed',
      reason: RELEASE_REASONS[cause],
    });
    const released = await releaseWorkerSessions(this.#db, workerId, cause);
    await releaseHostSlots(this.#db, workerId);
    if (released > 0) this.#notifier.notify('ready');
    return released;
  }

  /** Takes back sessions that nobody answers for; returns their number. */
  async rescue(): Promise<number> {
    const rescued = await rescueSessions(this.#db, this.#timeoutGraceMs);
    await retireLostWorkers(this.#db);
    if (rescued > 0) this.#notifier.notify('ready');
    return rescued;
  }

  /** Promotes sessions whose time has come and says whether anything waits to be claimed (by these sources, if given). */
  async tick(sources?: readonly string[]): Promise<{ ready: boolean }> {
    return { ready: await promoteDue(this.#db, sources ?? null) };
  }
}

const RELEASE_REASONS = {
  crashed: 'The process ended unexpectedly',
  killed: 'The process was killed from outside',
  stopped: 'Stopped',
} as const;

function jobTimeoutOf(limits: ClaimOptions['jobTimeoutMs'], source: string): number {
  return typeof limits === 'number' ? limits : (limits[source] ?? DEFAULT_JOB_TIMEOUT_MS);
}

function leaseLost(claim: Claim): LeaseLostError {
  return new LeaseLostError(`Claim ${claim.claimNumber} of session ${claim.id} is no longer good; nothing was saved.`, {
    context: { sessionId: claim.id, claimNumber: claim.claimNumber },
  });
}
