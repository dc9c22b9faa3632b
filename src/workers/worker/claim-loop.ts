import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '#lib/logger.ts';
import { outageDelayMs } from '../database-retry.ts';
import type { ClaimedSession } from '../queue/job-queue.ts';
import { ClaimDoubt } from './claim-doubt.ts';
import { divideClaimed } from './divide-claimed.ts';

export interface ClaimLoopOptions {
  /** @param unsure the answer to an earlier claim was lost: what that claimed is handed out first. */
  claim: (limit: number, unsure: boolean) => Promise<ClaimedSession[]>;
  /** Slots that could take a session now. */
  freeSlots: () => number;
  /** False while the worker has no safe lease: it would get nothing anyway. */
  mayClaim: () => boolean;
  start: (session: ClaimedSession) => void;
  /** Gives back what was claimed and not started. From the call on it is known that these are still held; never rejects. */
  handBack: (sessions: readonly ClaimedSession[], reason: string) => Promise<void>;
  logger: Logger;
  /** Shorter in tests. */
  doubt?: ClaimDoubt;
}

/**
 * Claims when it is nudged, which is: woken by the manager, or a slot has become free. It never polls: an idle worker makes no
 * query at all. One claim at a time; a nudge meanwhile leads to one more. Only after a claim whose answer was lost it looks once more
 * when that can no longer be carried out.
 */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  readonly #doubt: ClaimDoubt;
  #lastLook: NodeJS.Timeout | undefined;
  #nudged = false;
  #underWay = 0;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
    this.#doubt = options.doubt ?? new ClaimDoubt();
  }

  /** How many sessions the claim under way may bring. */
  get underWay(): number {
    return this.#underWay;
  }

  nudge(): void {
    this.#nudged = true;
    if (this.#stopping.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // A nudge between the loop's last look and here.
      if (this.#nudged && this.#canClaim()) this.nudge();
    });
  }

  /** Claims nothing from here on. Resolves when a claim under way has been given back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#lastLook);
    await this.#running;
  }

  #canClaim(): boolean {
    return !this.#stopping.signal.aborted && this.#options.mayClaim() && this.#options.freeSlots() > 0;
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#nudged && this.#canClaim(); ) {
      this.#nudged = false;
      try {
        await this.#claimOnce(this.#options.freeSlots());
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#doubt.raise();
        this.#nudged = true;
        this.#options.logger.warn({ err: error, failures }, 'Cannot claim; trying again');
        // Rejects when the loop is stopped, which its condition sees.
        await wait(outageDelayMs(failures), undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
    this.#lookAgain();
  }

  #lookAgain(): void {
    clearTimeout(this.#lastLook);
    const { remainingMs } = this.#doubt;
    // Once that is over, the next nudge will do: whoever was not able to claim then gets one when it is.
    if (remainingMs === 0 || this.#stopping.signal.aborted) return;
    this.#lastLook = setTimeout(() => this.nudge(), Math.ceil(remainingMs)).unref();
  }

  async #claimOnce(limit: number): Promise<void> {
    const askedAtMs = performance.now();
    this.#underWay = limit;
    const sessions = await this.#options.claim(limit, this.#doubt.isOpen).finally(() => {
      this.#underWay = 0;
    });
    this.#doubt.settle(askedAtMs);
    if (this.#stopping.signal.aborted) return await this.#options.handBack(sessions, 'The worker is stopping');
    const { start, handBack } = divideClaimed(sessions, limit);
    // First of all, so that what must run alone waits until these are gone.
    const handingBack = this.#options.handBack(handBack, 'Its worker had no room for it');
    for (const session of start) this.#options.start(session);
    await handingBack;
  }
}
