import { isDatabaseOutage, withDatabaseRetry } from '../database-retry.ts';
import type { SlotStore } from './slot-store.ts';

/** A host that names no time is left alone this long until the store, which knows how often it has asked for less, can be told. */
const UNNAMED_MS = 5_000;
/** Between tries to tell the store. */
const RETRY_CAP_MS = 1_000;

/**
 * Back-offs that hosts asked for while the store was away. They hold here at once, and for all others as soon as the store can be told:
 * an answer that is lost with an error would be heard again by the next request.
 */
export class UnwrittenBackoffs {
  readonly #slots: Pick<SlotStore, 'reportBackoff'>;
  readonly #onFailed: (error: unknown) => void;
  /** Until when, by host, on the monotonic clock. */
  readonly #untilMs = new Map<string, number>();

  constructor(slots: Pick<SlotStore, 'reportBackoff'>, onFailed: (error: unknown) => void) {
    this.#slots = slots;
    this.#onFailed = onFailed;
  }

  /** For how many ms the host is left alone by what could not be written yet; 0 for most. */
  waitMs(hostKey: string): number {
    return Math.max(0, (this.#untilMs.get(hostKey) ?? 0) - performance.now());
  }

  /** Tells the store, now or when it is back. Gives the ms for which the host is left alone. */
  async report(hostKey: string, retryAfterMs: number | null): Promise<number> {
    try {
      return await this.#slots.reportBackoff(hostKey, retryAfterMs);
    } catch (error) {
      if (!isDatabaseOutage(error)) throw error;
      this.#onFailed(error);
      const waitMs = retryAfterMs ?? UNNAMED_MS;
      const isFirst = this.waitMs(hostKey) === 0;
      this.#untilMs.set(hostKey, performance.now() + Math.max(waitMs, this.waitMs(hostKey)));
      // Requests that were under way together are refused together, and count once.
      if (isFirst) void this.#reportLater(hostKey, retryAfterMs);
      return waitMs;
    }
  }

  /** What is left of the wait by then, for as long as anything is left of it. */
  async #reportLater(hostKey: string, retryAfterMs: number | null): Promise<void> {
    const report = () => this.#slots.reportBackoff(hostKey, retryAfterMs === null ? null : this.waitMs(hostKey));
    try {
      await withDatabaseRetry(report, { mayContinue: () => this.waitMs(hostKey) > 0, capMs: RETRY_CAP_MS });
    } catch (error) {
      this.#onFailed(error);
    } finally {
      this.#untilMs.delete(hostKey);
    }
  }
}
