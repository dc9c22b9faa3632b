import type { ReservedSlot } from './slot-store.ts';

/** A reservation whose connection broke may be carried out for as long as the server lets a statement run. */
const MAY_STILL_RUN_MS = 20_000;

interface HostPage {
  /** Slots that were granted and are not given back. */
  held: Set<number>;
  /** Reservations under way. */
  asking: number;
  /** Until when a reservation whose answer was lost may still happen; on the monotonic clock. */
  unsureUntilMs: number;
  /** Of the reservation under way that gives back all slots that it does not know; never rejects. */
  clearing: Promise<void> | null;
}

/**
 * What one worker knows of its slots. A reservation whose answer is lost leaves a slot that nobody will give back, which holds up its
 * host until it expires; so the next one says which slots are known, and the store gives back all others.
 */
export class SlotBook {
  readonly #pages = new Map<string, HostPage>();

  /**
   * Reserves and remembers what was granted.
   * @param reserve gets the slots that are known, or null when there is no doubt about them.
   */
  async reserve(hostKey: string, reserve: (known: number[] | null) => Promise<ReservedSlot>): Promise<ReservedSlot> {
    // A slot that was granted while all unknown ones are given back would be among them.
    for (let clearing = this.#pageOf(hostKey).clearing; clearing; clearing = this.#pageOf(hostKey).clearing)
      await clearing;
    const page = this.#pageOf(hostKey);
    // Another one under way may hold a slot that is not known yet.
    const isInDoubt = page.asking === 0 && performance.now() < page.unsureUntilMs;
    const cleared = Promise.withResolvers<void>();
    if (isInDoubt) page.clearing = cleared.promise;
    page.asking += 1;
    try {
      const reserved = await reserve(isInDoubt ? [...page.held] : null);
      if (reserved.slotId !== null) page.held.add(reserved.slotId);
      return reserved;
    } catch (error) {
      page.unsureUntilMs = performance.now() + MAY_STILL_RUN_MS;
      throw error;
    } finally {
      page.asking -= 1;
      if (isInDoubt) page.clearing = null;
      cleared.resolve();
      this.#tidy(hostKey, page);
    }
  }

  /** The slot was given back, or has expired. */
  forget(hostKey: string, slotId: number): void {
    const page = this.#pages.get(hostKey);
    page?.held.delete(slotId);
    if (page) this.#tidy(hostKey, page);
  }

  #pageOf(hostKey: string): HostPage {
    const page = this.#pages.get(hostKey) ?? { held: new Set(), asking: 0, unsureUntilMs: 0, clearing: null };
    this.#pages.set(hostKey, page);
    return page;
  }

  #tidy(hostKey: string, { held, asking, unsureUntilMs }: HostPage): void {
    if (held.size === 0 && asking === 0 && unsureUntilMs < performance.now()) this.#pages.delete(hostKey);
  }
}
