import type { Logger } from '#lib/logger.ts';
import { isDatabaseOutage, withDatabaseRetry } from '../database-retry.ts';
import type { ClaimedSession, Settled } from '../queue/job-queue.ts';
import type { SpoolPort } from '../spool/session-spool.ts';
import { type EndingPorts, type SessionEnding, writeEnding } from './session-ending.ts';
import { toStoredError } from './stored-error.ts';

export interface EndingWriterDeps extends EndingPorts {
  spool: SpoolPort;
  isLeaseSafe: () => boolean;
  logger: Logger;
}

/**
 * What became of the end of an attempt. 'spooled': it waits on disk, and is delivered when the database is back.
 * 'unwritten': it is known in memory only.
 */
export type WrittenEnding = Settled | 'spooled' | 'unwritten';

/** After this time without an answer of the database the ending is on disk too, so that it outlives this process. */
const INSURE_MS = 1_000;

/** Writes the end of one attempt: in the database, behind what waits on disk, or on disk. */
export class EndingWriter {
  readonly #deps: EndingWriterDeps;
  readonly #claimed: ClaimedSession;
  #onDisk: Promise<boolean> | null = null;
  #isOnDisk = false;

  constructor(deps: EndingWriterDeps, claimed: ClaimedSession) {
    this.#deps = deps;
    this.#claimed = claimed;
  }

  /**
   * Tries as long as the lease is safe. Never throws.
   * @param mayContinue asked between tries, with whether the disk has the ending; false ends them.
   */
  async write(ending: SessionEnding, mayContinue: (isOnDisk: boolean) => boolean): Promise<WrittenEnding> {
    const { spool, isLeaseSafe } = this.#deps;
    if (spool.isPending) await this.#putOnDisk(ending);
    if (!isLeaseSafe() && (await this.#putOnDisk(ending))) return 'spooled';
    const insurance = setTimeout(() => void this.#putOnDisk(ending), INSURE_MS);
    try {
      const settled = await withDatabaseRetry(() => this.#writeOnce(ending), {
        mayContinue: () => isLeaseSafe() && mayContinue(this.#isOnDisk),
        onRetry: (error, attempt) => this.#warn({ attempt, err: error }, 'Cannot save the outcome yet'),
      });
      clearTimeout(insurance);
      await this.#onDisk;
      await spool.discard();
      return settled;
    } catch (error) {
      clearTimeout(insurance);
      return await this.#giveUp(error, ending);
    }
  }

  async #writeOnce(ending: SessionEnding): Promise<Settled> {
    // Whatever waits comes first; the ending is the last of it, if the disk has taken it.
    await this.#onDisk;
    const delivery = await this.#deps.spool.deliver();
    if (delivery.end === 'settled') return delivery.settled;
    if (delivery.end === 'stale') return 'stale';
    return await writeEnding(this.#deps, this.#claimed, ending);
  }

  async #giveUp(error: unknown, ending: SessionEnding): Promise<WrittenEnding> {
    if (!isDatabaseOutage(error)) return await this.#chargeInstead(error);
    const isSafe = await this.#putOnDisk(ending);
    this.#warn(
      { err: error },
      isSafe ? 'The outcome waits on disk until the database is back' : 'The outcome could not be saved',
    );
    return isSafe ? 'spooled' : 'unwritten';
  }

  /** What the database refuses would be refused again: uncharged, the session would come back and do the same for ever. */
  async #chargeInstead(error: unknown): Promise<WrittenEnding> {
    this.#deps.logger.error({ ...this.#about(), err: error }, 'The outcome was refused; it counts as a failed try');
    try {
      return await this.#deps.queue.retry(this.#claimed, { error: toStoredError(error) });
    } catch (err) {
      this.#warn({ err }, 'The failed try could not be saved either');
      return 'unwritten';
    }
  }

  #putOnDisk(ending: SessionEnding): Promise<boolean> {
    this.#onDisk ??= this.#deps.spool.append({ kind: 'ending', ...ending }).then((taken) => {
      this.#isOnDisk = taken;
      return taken;
    });
    return this.#onDisk;
  }

  #warn(details: Record<string, unknown>, message: string): void {
    this.#deps.logger.warn({ ...this.#about(), ...details }, message);
  }

  #about() {
    const { id, source, location } = this.#claimed;
    return { sessionId: id, source, location };
  }
}
