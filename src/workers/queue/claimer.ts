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
  /** What the worker knows that it holds. */
  held?: readonly Claim[];
  /** The answer to an earlier claim was lost: what the worker holds besides `held` is handed out first, however many that are. */
  unsure?: boolean;
}

const DEFAULT_JOB_TIMEOUT_MS = 600_000;

/** Claims ready sessions from where this process has got to in the ready index. */
export class Claimer {
  readonly #db: Executor;
  readonly #cursor = new ClaimCursor();

  constructor(db: Executor) {
    this.#db = db;
  }

  async claim(options: ClaimOptions): Promise<ClaimedSession[]> {
    if (options.limit < 1 || options.sources.length === 0) return [];
    const { workerId, held, unsure } = options;
    const unknown = held && unsure ? await findUnknownClaims(this.#db, workerId, held) : [];
    return unknown.length > 0 ? unknown : await this.#claimFrom(options);
  }

  /** Tells that new work may have come with a better place in the queue. */
  noteNewWork(): void {
    this.#cursor.wishRewind();
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
