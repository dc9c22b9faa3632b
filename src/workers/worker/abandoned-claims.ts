import { CallFailedError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage } from '../database-retry.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { Claim } from '../queue/job-queue.ts';
import { claimKey } from './claim-key.ts';

export interface AbandonedClaimsDeps {
  queue: Pick<SessionQueue, 'handBack'>;
  logger: Logger;
  /** A session was given back, or belongs to somebody else. */
  onGivenBack: (sessionId: number) => void;
}

interface AbandonedClaim {
  claim: Claim;
  /** For people, in one sentence. */
  reason: string;
}

/** Claims that the database may still say are ours, although nothing runs for them. */
export class AbandonedClaims {
  readonly #deps: AbandonedClaimsDeps;
  readonly #abandoned = new Map<string, AbandonedClaim>();

  constructor(deps: AbandonedClaimsDeps) {
    this.#deps = deps;
  }

  get claims(): Claim[] {
    return [...this.#abandoned.values()].map(({ claim }) => claim);
  }

  /** To be given back later. */
  add(claim: Claim, reason: string): void {
    this.#abandoned.set(claimKey(claim), { claim, reason });
  }

  /** Gives back these claims now; what cannot be given back yet stays here. */
  async giveBack(claims: readonly Claim[], reason: string): Promise<void> {
    for (const claim of claims) this.add(claim, reason);
    await Promise.all(claims.map((claim) => this.#giveBack({ claim, reason })));
  }

  /** Gives back what was abandoned, one claim after the other, up to the first that finds the database away. */
  async giveBackAll(): Promise<void> {
    for (const abandoned of this.#abandoned.values()) if ((await this.#giveBack(abandoned)) === 'away') return;
  }

  /** What cannot be given back stays: 'away' says that nothing can now, 'refused' that this one cannot. */
  async #giveBack({ claim, reason }: AbandonedClaim): Promise<'given' | 'refused' | 'away'> {
    try {
      await this.#deps.queue.handBack(claim, { reason });
    } catch (error) {
      this.#deps.logger.warn({ sessionId: claim.id, err: error }, 'Cannot hand back a session yet');
      return isDatabaseOutage(error) && !(error instanceof CallFailedError) ? 'away' : 'refused';
    }
    this.#abandoned.delete(claimKey(claim));
    this.#deps.onGivenBack(claim.id);
    return 'given';
  }
}
