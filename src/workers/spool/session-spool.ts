import { rm } from 'node:fs/promises';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { CheckpointAnswer } from '../queue/job-queue.ts';
import { type Delivery, deliverRecord } from './deliver-record.ts';
import type { SpoolBudget } from './spool-budget.ts';
import { readSpoolFile, SpoolFile, setAside } from './spool-file.ts';
import { encodeRecord, type SpooledCheckpoint, type SpooledClaim, type SpooledEnding } from './spool-record.ts';

export interface SessionSpoolOptions {
  file: string;
  claim: SpooledClaim;
  queue: SessionQueue;
  budget: SpoolBudget;
  /** Told of what the disk did not take. */
  onRefused: (error: unknown) => void;
  isPassing: (error: unknown) => boolean;
  /** There is something to deliver from now on, or nothing any more. */
  onPending: (pending: boolean) => void;
}

/** What a session needs of its spool. */
export type SpoolPort = Pick<SessionSpool, 'isPending' | 'append' | 'deliver' | 'discard'>;

/** For workers that have no disk to write to: what cannot be saved waits for the database. */
export const NO_SPOOL: SpoolPort = {
  isPending: false,
  append: async () => false,
  deliver: async () => ({ end: 'saved', answer: null }),
  discard: async () => {},
};

/**
 * What one running session has found and could not save, in order, on disk. Everything of the session has to go through here while
 * something waits, else a later position would be overwritten by an earlier one. One call at a time is carried out.
 */
export class SessionSpool {
  readonly #options: SessionSpoolOptions;
  #file: SpoolFile | null = null;
  #bytes = 0;
  /** Records that are in the database already. */
  #deliveredCount = 0;
  /** Set once nothing can follow any more: the attempt's end is written, or its claim is stale. */
  #over: Delivery | null = null;
  /** Why what waited was set aside; without it, nothing that was found later may be saved. */
  #refusal: { error: unknown } | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #hasEnding = false;

  constructor(options: SessionSpoolOptions) {
    this.#options = options;
  }

  /** Something waits, or has been set aside: either way everything of the session has to go through here. */
  get isPending(): boolean {
    return this.#file !== null || this.#refusal !== null;
  }

  /** Whether the end of the attempt was put here: nobody else writes it then. */
  get hasEnding(): boolean {
    return this.#hasEnding;
  }

  /** Puts a record at the end; resolves when it is on the disk, with false when there is no room for it or it could not follow. */
  append(record: SpooledCheckpoint | SpooledEnding): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#refusal) return false;
      const bytes = encodeRecord(record);
      try {
        await this.#options.budget.take(bytes.length);
      } catch (error) {
        this.#options.onRefused(error);
        return false;
      }
      try {
        this.#file ??= await SpoolFile.create(this.#options.file, this.#options.claim);
        await this.#file.append(bytes);
        // Nothing follows it, and delivering reads the file by its name.
        if (record.kind === 'ending') await this.#file.close();
      } catch (error) {
        this.#options.budget.giveBack(bytes.length);
        this.#options.onRefused(error);
        return false;
      }
      this.#bytes += bytes.length;
      this.#hasEnding ||= record.kind === 'ending';
      this.#options.onPending(true);
      return true;
    });
  }

  /**
   * Writes what waits, in order, and removes the file once all of it is in the database or the claim is stale.
   * @throws the database's error when it is away; what was written before stays written. Any other error takes the file out of
   * the way, since it would come again for ever, and is thrown again from then on.
   */
  deliver(): Promise<Delivery> {
    return this.#inTurn(async () => {
      if (this.#refusal) throw this.#refusal.error;
      if (this.#file === null) return this.#over ?? { end: 'saved', answer: null };
      try {
        const delivery = await this.#deliverAll();
        if (delivery.end !== 'saved') this.#over = delivery;
        await this.#discard();
        return delivery;
      } catch (error) {
        if (!this.#options.isPassing(error)) await this.#refuse(error);
        throw error;
      }
    });
  }

  /** Takes the file out of the way as if the database had refused it with this error. @returns false when nothing waits any more. */
  giveUp(error: unknown): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#file === null) return false;
      await this.#refuse(error);
      return true;
    });
  }

  /** Forgets what waits, because it has been written another way. */
  discard(): Promise<void> {
    return this.#inTurn(() => this.#discard());
  }

  async #deliverAll(): Promise<Delivery> {
    const { file, queue, claim } = this.#options;
    // Gone means that the manager has delivered it: it does so when the lease of this worker had passed.
    const { records = [], misshapen = null } = (await readSpoolFile(file)) ?? {};
    let answer: CheckpointAnswer | null = null;
    for (const record of records.slice(this.#deliveredCount)) {
      if (record.kind === 'claim') continue;
      const delivery = await deliverRecord(queue, claim, record, answer);
      if (delivery.end !== 'saved') return delivery;
      ({ answer } = delivery);
      this.#deliveredCount += 1;
    }
    if (misshapen) throw misshapen;
    return { end: 'saved', answer };
  }

  async #refuse(error: unknown): Promise<void> {
    this.#refusal = { error };
    await this.#discard(setAside);
  }

  async #discard(remove: (file: string) => Promise<void> = (file) => rm(file, { force: true })): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    this.#deliveredCount = 0;
    this.#options.budget.giveBack(this.#bytes);
    this.#bytes = 0;
    this.#options.onPending(false);
    await file.close();
    await remove(this.#options.file).catch(this.#options.onRefused);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
