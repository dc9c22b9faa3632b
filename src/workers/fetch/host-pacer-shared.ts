import { HostNotReadyError } from '#lib/errors.ts';
import { isDatabaseOutage, withDatabaseRetry } from '../database-retry.ts';
import { sleepUnlessAborted } from './abortable-sleep.ts';
import {
  type HostPacer,
  type HostSlot,
  SLOT_GRACE_MS,
  type SlotRequest,
  type SlotResult,
  WAIT_MAX_MS,
} from './host-pacer.ts';
import { SlotBook } from './slot-book.ts';
import type { ReservedSlot, SlotStore } from './slot-store.ts';
import { Turnstile } from './turnstile.ts';
import { UnwrittenBackoffs } from './unwritten-backoffs.ts';

export interface SharedHostPacerOptions {
  slots: SlotStore;
  waitMaxMs?: number;
  /** Told when a slot could not be given back, which then expires by itself, or a back-off not be told. */
  onUnwritten?: (error: unknown) => void;
}

/** Slots expire by themselves after about this time. */
const GIVE_BACK_MAX_MS = 120_000;

/**
 * Paces hosts by the slots of one store, so the gap holds over all workers and machines that share it. Within this process only as
 * many requests per host as may be under way are in the store's line; the others wait here in order.
 */
export class SharedHostPacer implements HostPacer {
  readonly #slots: SlotStore;
  readonly #waitMaxMs: number;
  readonly #onUnwritten: (error: unknown) => void;
  readonly #turnstile = new Turnstile();
  readonly #book = new SlotBook();
  readonly #backoffs: UnwrittenBackoffs;

  constructor(options: SharedHostPacerOptions) {
    this.#slots = options.slots;
    this.#waitMaxMs = options.waitMaxMs ?? WAIT_MAX_MS;
    this.#onUnwritten = options.onUnwritten ?? (() => {});
    this.#backoffs = new UnwrittenBackoffs(options.slots, this.#onUnwritten);
  }

  async reserve(request: SlotRequest, signal: AbortSignal): Promise<HostSlot> {
    const deadline = performance.now() + this.#waitMaxMs;
    const leave = await this.#turnstile.enter(request.hostKey, request.maxInflight, this.#waitMaxMs, signal);
    if (leave === null) throw this.#notReady(request, promisedGapMs(request), 'many requests are waiting for it');
    try {
      for (;;) {
        const slot = await this.#tryReserve(request, deadline, signal, leave);
        if (slot !== null) return slot;
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  reportBackoff(hostKey: string, retryAfterMs: number | null): Promise<number> {
    return this.#backoffs.report(hostKey, retryAfterMs);
  }

  pause(hostKey: string, pauseMs: number, reason: string): Promise<void> {
    return this.#slots.pause(hostKey, pauseMs, reason);
  }

  /** One question to the store; null when it is to be asked again. */
  async #tryReserve(
    request: SlotRequest,
    deadline: number,
    signal: AbortSignal,
    leave: () => void,
  ): Promise<HostSlot | null> {
    const unwrittenMs = this.#backoffs.waitMs(request.hostKey);
    if (unwrittenMs > 0) throw this.#notReady(request, unwrittenMs, 'back-off');
    const askedAt = performance.now();
    const { slotId, waitMs, reason } = await this.#ask(request, Math.max(0, deadline - askedAt));
    const now = performance.now();
    if (slotId === null) {
      if (reason !== 'in-flight' || now + waitMs > deadline) throw this.#notReady(request, waitMs, reason ?? 'pacing');
      await sleepUnlessAborted(waitMs, signal);
      return null;
    }
    const slot = this.#slot(request.hostKey, slotId, leave);
    try {
      await sleepUnlessAborted(waitMs, signal);
    } catch (error) {
      await slot.release({ kind: 'neutral' });
      throw error;
    }
    // A process that was stopped meanwhile may wake up when the slot is no longer its own: such a slot is not used.
    if (performance.now() - askedAt < waitMs + SLOT_GRACE_MS / 2) return slot;
    await this.#giveBack(request.hostKey, slotId, null, { kind: 'neutral' });
    return null;
  }

  #ask(request: SlotRequest, waitMaxMs: number): Promise<ReservedSlot> {
    const { hostKey, workerId, sessionId, maxInflight, floorMs, robotsMs, timeoutMs } = request;
    const wish = {
      hostKey,
      workerId,
      sessionId,
      maxInflight,
      floorMs: Math.ceil(floorMs),
      robotsMs: Math.ceil(robotsMs),
      waitMaxMs: Math.ceil(waitMaxMs),
      keptMs: Math.ceil(timeoutMs + SLOT_GRACE_MS),
    };
    return this.#book.reserve(hostKey, (knownSlotIds) => this.#slots.reserve({ ...wish, knownSlotIds }));
  }

  #slot(hostKey: string, slotId: number, leave: () => void): HostSlot {
    let answeredAt: number | null = null;
    let released = false;
    return {
      noteAnswer: () => {
        answeredAt ??= performance.now();
      },
      release: async (result) => {
        if (released) return;
        released = true;
        await this.#giveBack(hostKey, slotId, answeredAt, result);
        leave();
      },
    };
  }

  /**
   * Never throws. While the store is away it is tried again in the background: a slot that nobody gives back holds its host up
   * until it expires, which is long after the store has come back.
   */
  async #giveBack(hostKey: string, slotId: number, answeredAt: number | null, result: SlotResult): Promise<void> {
    const give = async () => {
      await this.#slots.release({
        hostKey,
        slotId,
        answeredMsAgo: answeredAt === null ? 0 : performance.now() - answeredAt,
        kind: result.kind,
        error: 'error' in result ? result.error : null,
      });
      this.#book.forget(hostKey, slotId);
    };
    try {
      await give();
    } catch (error) {
      this.#onUnwritten(error);
      if (isDatabaseOutage(error)) void this.#giveBackLater(give).finally(() => this.#book.forget(hostKey, slotId));
      else this.#book.forget(hostKey, slotId);
    }
  }

  async #giveBackLater(give: () => Promise<unknown>): Promise<void> {
    const untilMs = performance.now() + GIVE_BACK_MAX_MS;
    try {
      await withDatabaseRetry(give, { mayContinue: () => performance.now() < untilMs, capMs: 1_000 });
    } catch (error) {
      this.#onUnwritten(error);
    }
  }

  /** The session asks again when all that wait here before it have had their turn. */
  #notReady(request: SlotRequest, waitMs: number, reason: string): HostNotReadyError {
    const inLine = this.#turnstile.lengthOf(request.hostKey);
    const retryMs = Math.max(1000, Math.round(waitMs + Math.min(60_000, inLine * promisedGapMs(request))));
    return new HostNotReadyError(
      `"${request.hostKey}" may not be asked for another ${retryMs} ms: ${reason}`,
      retryMs,
      {
        context: { hostKey: request.hostKey, reason },
      },
    );
  }
}

const promisedGapMs = ({ floorMs, robotsMs }: SlotRequest) => Math.max(floorMs, robotsMs);
