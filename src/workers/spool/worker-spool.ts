import path from 'node:path';
import { CallFailedError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import { toStoredError } from '../worker/stored-error.ts';
import { DeliveryTries, UndeliverableError } from './delivery-tries.ts';
import { SessionSpool } from './session-spool.ts';
import { SpoolBudget, type SpoolLimits } from './spool-budget.ts';
import { spoolFileName, spoolFolderOf } from './spool-file.ts';
import type { SpooledClaim } from './spool-record.ts';

export interface WorkerSpoolOptions {
  /** Of all workers of this machine: spool/ in the data folder. */
  folder: string;
  workerId: string;
  queue: SessionQueue;
  logger: Logger;
  limits?: Partial<SpoolLimits>;
  /** For tests, which do not wait a minute. */
  tries?: DeliveryTries;
}

/** Where the sessions of one worker put what they cannot save while the database is away. */
export class WorkerSpool {
  readonly #options: WorkerSpoolOptions;
  readonly #budget: SpoolBudget;
  readonly #pending = new Map<SessionSpool, SpooledClaim>();
  readonly #tries: DeliveryTries;
  #delivering: Promise<void> | null = null;

  constructor(options: WorkerSpoolOptions) {
    this.#options = options;
    this.#budget = new SpoolBudget(options.folder, options.limits);
    this.#tries = options.tries ?? new DeliveryTries();
  }

  /** Claims that may have ended here and are still running for all that the database knows. */
  get pendingClaims(): SpooledClaim[] {
    return [...this.#pending.values()];
  }

  /** The spool of a claim; nothing is made on the disk before something has to wait. */
  open(claim: SpooledClaim): SessionSpool {
    const { folder, workerId, queue, logger } = this.#options;
    const spool: SessionSpool = new SessionSpool({
      file: path.join(spoolFolderOf(folder, workerId), spoolFileName(claim)),
      claim,
      queue,
      budget: this.#budget,
      isPassing: isDatabaseOutage,
      onRefused: (error) =>
        logger.warn(
          { sessionId: claim.id, err: error },
          'The disk does not take what the database cannot; it waits in memory',
        ),
      onPending: (pending) => this.#notePending(spool, claim, pending),
    });
    return spool;
  }

  #notePending(spool: SessionSpool, claim: SpooledClaim, pending: boolean): void {
    if (pending) {
      this.#pending.set(spool, claim);
    } else {
      this.#pending.delete(spool);
      this.#tries.forget(spoolFileName(claim));
    }
  }

  /**
   * Delivers everything that waits, session by session; gives up at the first that finds the database still away. Call it when the
   * database has just answered: what fails then again and again, while the rest goes through, is set aside.
   * @param onDelivered told of each session that has changed in the database.
   */
  deliverAll(onDelivered: (sessionId: number) => void = () => {}): Promise<void> {
    this.#delivering ??= this.#deliverAll(onDelivered).finally(() => {
      this.#delivering = null;
    });
    return this.#delivering;
  }

  async #deliverAll(onDelivered: (sessionId: number) => void): Promise<void> {
    for (const [spool, claim] of [...this.#pending]) {
      const sessionId = claim.id;
      try {
        const delivery = await spool.deliver();
        this.#options.logger.info({ sessionId, ...delivery }, 'What waited on disk was delivered');
        onDelivered(sessionId);
      } catch (error) {
        if (error instanceof CallFailedError) await this.#tryAgain(spool, claim, error);
        else if (isDatabaseOutage(error)) return;
        else await this.#noteRefusal(spool, claim, error);
      }
    }
  }

  async #tryAgain(spool: SessionSpool, claim: SpooledClaim, error: CallFailedError): Promise<void> {
    if (!this.#tries.noteFailure(spoolFileName(claim))) {
      this.#options.logger.warn({ sessionId: claim.id, err: error }, 'What waits on disk cannot be saved yet');
      return;
    }
    const refusal = new UndeliverableError(error);
    if (await spool.giveUp(refusal)) await this.#noteRefusal(spool, claim, refusal);
  }

  async #noteRefusal(spool: SessionSpool, claim: SpooledClaim, error: unknown): Promise<void> {
    const about = { sessionId: claim.id, err: error };
    this.#options.logger.error(about, 'What waited on disk cannot be saved and was set aside');
    if (spool.hasEnding) await this.#chargeAttempt(claim, error);
  }

  /** Its end cannot be written as it was, and left alone the session would be running until its time limit. */
  async #chargeAttempt(claim: SpooledClaim, error: unknown): Promise<void> {
    try {
      await this.#options.queue.retry(claim, { error: toStoredError(error) });
    } catch (err) {
      this.#options.logger.warn({ sessionId: claim.id, err }, 'An attempt cannot be ended; its time limit does that');
    }
  }
}
