import type { Executor } from '#lib/db/create-db.ts';
import { faultPoint } from '#lib/fault-point.ts';
import { ClaimCursor } from './claim-cursor.ts';
import { type Claim, type ClaimedSession, claimSessions, findUnknownClaims } from './transitions/claim.ts';

export interface ClaimOptions {
  workerId: string;
  /** Only these are claimed. */
  sources: readonly string[];
  /** Most sessions to hand out: the worker's free slots. */
  limit: number;
  /** Time for one attempt, for all sources or per source; a source that is not named gets 10 minutes. */
  jobTimeoutMs: number | Readonly<Record<string, number>>;
  /** What the worker knows that it holds. With it, what an earlier call claimed without being able to say so is handed out too. */
  held?: readonly Claim[];
  /** The answer to an earlier claim was lost, which only the caller knows: what that claimed is handed out first. */
  unsure?: boolean;
}

const DEFAULT_JOB_TIMEOUT_MS = 600_000;

/** A claim whose connection broke may be carried out for as long as the server lets a statement run. */
const MAY_STILL_RUN_MS = 20_000;

/** Claims ready sessions from where this process has got to in the ready index. */
export class Claimer {
  readonly #db: Executor;
  readonly #cursor = new ClaimCursor();
  /** Until when a claim whose answer was lost may still happen, by worker; on the monotonic clock. */
  readonly #unsureUntilMs = new Map<string, number>();

  constructor(db: Executor) {
    this.#db = db;
  }

  async claim(options: ClaimOptions): Promise<ClaimedSession[]> {
    if (options.limit < 1 || options.sources.length === 0) return [];
    const unknown = await this.#findUnknown(options);
    if (unknown.length > 0) return unknown;
    try {
      return await this.#claimFrom(options);
    } catch (error) {
      if (options.held) this.#unsureUntilMs.set(options.workerId, performance.now() + MAY_STILL_RUN_MS);
      throw error;
    }
  }

  /** Tells that new work may have come with a better place in the queue. */
  noteNewWork(): void {
    this.#cursor.wishRewind();
  }

  async #findUnknown({ workerId, held, unsure }: ClaimOptions): Promise<ClaimedSession[]> {
    if (held && unsure) return await findUnknownClaims(this.#db, workerId, held);
    const untilMs = this.#unsureUntilMs.get(workerId);
    if (untilMs === undefined || !held) return [];
    const sureAfterThis = performance.now() > untilMs;
    const unknown = await findUnknownClaims(this.#db, workerId, held);
    if (sureAfterThis) this.#unsureUntilMs.delete(workerId);
    return unknown;
  }

  async #claimFrom(options: ClaimOptions): Promise<ClaimedSession[]> {
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
    await faultPoint('after_claim');
    this.#cursor.advance(sessions);
    if (fromFront) this.#cursor.noteRewindCost(performance.now() - startedMs);
    else if (sessions.length < options.limit) this.#cursor.wishRewind();
    return { sessions, fromFront };
  }
}

function jobTimeoutOf(limits: ClaimOptions['jobTimeoutMs'], source: string): number {
  return typeof limits === 'number' ? limits : (limits[source] ?? DEFAULT_JOB_TIMEOUT_MS);
}
