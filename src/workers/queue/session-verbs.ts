import { randomUUID } from 'node:crypto';
import type { Db, Executor } from '#lib/db/create-db.ts';
import { InvalidInputError, LeaseLostError } from '#lib/errors.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { Claimer, type ClaimOptions } from './claimer.ts';
import { HostLines } from './host-lines.ts';
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
import { type EnqueuedSession, enqueueSessions, type NewSession } from './transitions/enqueue.ts';
import { type FailOptions, failSession } from './transitions/fail.ts';
import { deleteEmptyBatch, findBatchByKey } from './transitions/find-batch.ts';
import { type HandBackOptions, handBackSession } from './transitions/hand-back.ts';
import { type CancelAnswer, requestCancel } from './transitions/request-cancel.ts';
import { type RetryOptions, retrySession } from './transitions/retry.ts';
import { type RetryByHandAnswer, retryByHand } from './transitions/retry-by-hand.ts';
import type { Settled, SettledSession } from './transitions/settle-one.ts';
import { type SnoozeOptions, snoozeSession } from './transitions/snooze.ts';

export interface SessionVerbsOptions {
  db: Db;
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

/** The verbs of single sessions: what people, schedules and the holders of claims do. Those of workers come with JobQueue. */
export class SessionVerbs {
  protected readonly db: Db;
  protected readonly notifier: QueueNotifier;
  protected readonly lines: HostLines;
  readonly #claimer: Claimer;

  constructor({ db, onNotifyError = () => {} }: SessionVerbsOptions) {
    this.db = db;
    this.#claimer = new Claimer(db);
    this.notifier = new QueueNotifier(db, onNotifyError);
    this.lines = new HostLines(db, this.#claimer, onNotifyError);
  }

  /**
   * Makes sessions, all or none, and wakes the managers after the commit.
   * @throws InvalidInputError when there is nothing to enqueue.
   */
  async enqueue(sessions: readonly NewSession[], options: EnqueueOptions = {}): Promise<EnqueueAnswer> {
    const answer = await this.enqueueWithin(this.db, sessions, options);
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
    await this.lines.move(sessions.flatMap(({ hostKey, wakeAt }) => (hostKey && !wakeAt ? [hostKey] : [])));
    if (sessions.some((session) => session.wakeAt === undefined)) this.notifier.notify('ready');
  }

  /**
   * Hands out ready sessions, best priority first, then oldest; empty when there are none for these sources.
   * @param place 'front' looks at all of them, which costs more; else the claim goes on where the last one of this process ended.
   */
  claim(options: ClaimOptions, place: 'cursor' | 'front' = 'cursor'): Promise<ClaimedSession[]> {
    const claimer = place === 'front' ? new Claimer(this.db) : this.#claimer;
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
    const saved = await this.db.transaction(async (tx) => {
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
    const completed = await completeSessions(this.db, items);
    await faultPoint('after_commit');
    await this.lines.move(completed.flatMap(({ hostKey }) => hostKey ?? []));
    const done = new Set(completed.map(({ id }) => id));
    const missing = items.filter((item) => !done.has(item.id));
    if (missing.length === 0) return done;
    return new Set([...done, ...(await findCompleted(this.db, missing))]);
  }

  /** A try that failed and counts. Waits 30, 60, 120 … s, at most 300 s, or fails the session when no try is left. */
  retry(claim: Claim, options: RetryOptions): Promise<Settled> {
    return this.#settle(retrySession(this.db, claim, options));
  }

  /** Ends the session as failed, whatever tries are left. */
  fail(claim: Claim, options: FailOptions): Promise<Settled> {
    return this.#settle(failSession(this.db, claim, options));
  }

  /** Puts the session to sleep without charging an attempt (throttling, a host that must rest, no proxy). */
  snooze(claim: Claim, options: SnoozeOptions): Promise<Settled> {
    return this.#settle(snoozeSession(this.db, claim, options));
  }

  /** Gives the session back at once without charging an attempt (shutdown). */
  async handBack(claim: Claim, options: HandBackOptions): Promise<Settled> {
    const settled = await this.#settle(handBackSession(this.db, claim, options));
    if (settled === 'pending') this.notifier.notify('ready');
    return settled;
  }

  /** Says that a requested cancel has been obeyed. */
  cancelled(claim: Claim, options: CancelledOptions = {}): Promise<Settled> {
    return this.#settle(cancelSession(this.db, claim, options));
  }

  /** Cancels a pending session at once and a running one through its worker. */
  async requestCancel(id: number): Promise<CancelAnswer> {
    const answer = await requestCancel(this.db, id);
    if (answer === 'cancelling') this.notifier.notify('cancel');
    return answer;
  }

  /** Starts an ended session again, with all its tries. */
  async retryByHand(id: number): Promise<RetryByHandAnswer> {
    const { answer, hostKey } = await retryByHand(this.db, id);
    await this.lines.move(hostKey === null ? [] : [hostKey]);
    if (answer === 'pending') this.notifier.notify('ready');
    return answer;
  }

  async #settle(settling: Promise<SettledSession>): Promise<Settled> {
    const { status, hostKeys } = await settling;
    await this.lines.move(hostKeys);
    return status;
  }
}

function leaseLost(claim: Claim): LeaseLostError {
  return new LeaseLostError(`Claim ${claim.claimNumber} of session ${claim.id} is no longer good; nothing was saved.`, {
    context: { sessionId: claim.id, claimNumber: claim.claimNumber },
  });
}
