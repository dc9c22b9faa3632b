/** Where the next range scan of one source begins: after this key of the ready index. */
export interface ClaimPosition {
  /** −priority of the last session handed out. */
  rank: number;
  id: number;
}

/** What the cursor must know of a claimed session. */
export interface ClaimedKey {
  source: string;
  priority: number;
  id: number;
}

/** Before every key: ranks are int4, ids begin at 1. */
const START: ClaimPosition = { rank: -2_147_483_648, id: 0 };

/** Sessions that committed late, came back, or have a better priority wait no longer than this for their claim. */
const REWIND_EVERY_MS = 1_000;

/** A rewind that is only wished for may take 1/50 of the time: measured, so it costs 2 % at most, however long the dead entries have become. */
const REWIND_SHARE = 50;

/**
 * Remembers how far the ready index has been handed out. Without it, every claim walks over all entries of sessions that
 * are gone but that an old snapshot still holds (measured: 8 → 58 ms); with it, the walk is made at each rewind only.
 * One per process; holds no promise about other processes, which is why it rewinds.
 */
export class ClaimCursor {
  readonly #positions = new Map<string, ClaimPosition>();
  #rewoundAtMs = Number.NEGATIVE_INFINITY;
  #rewindCostMs = 1;
  #wished = false;

  /** Asks for a rewind at the next claim that can afford it: new work may lie before the cursor. */
  wishRewind(): void {
    this.#wished = true;
  }

  /** Rewinds if it is time. Call before each claim; true when this claim starts at the front. */
  begin(nowMs: number): boolean {
    const sinceMs = nowMs - this.#rewoundAtMs;
    const affordable = this.#wished && sinceMs >= this.#rewindCostMs * REWIND_SHARE;
    if (sinceMs < REWIND_EVERY_MS && !affordable) return false;
    this.#positions.clear();
    this.#rewoundAtMs = nowMs;
    this.#wished = false;
    return true;
  }

  position(source: string): ClaimPosition {
    return this.#positions.get(source) ?? START;
  }

  /** Moves behind what was handed out. */
  advance(claimed: readonly ClaimedKey[]): void {
    for (const { source, priority, id } of claimed) {
      const last = this.position(source);
      // Not -priority, which makes −0 of 0.
      const rank = 0 - priority;
      if (rank > last.rank || (rank === last.rank && id > last.id)) this.#positions.set(source, { rank, id });
    }
  }

  /** Tells what a claim from the front cost; it sets the pace of wished rewinds. */
  noteRewindCost(tookMs: number): void {
    this.#rewindCostMs = Math.max(1, tookMs);
  }
}
