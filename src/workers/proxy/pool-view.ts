import type { PasswordSafe } from './password-safe.ts';
import { type PoolSnapshot, readPool } from './pool-snapshot.ts';
import type { ProxyStore } from './proxy-store.ts';

/** How old a picture of the pool may be. */
const FRESH_MS = 2_000;
/** And how old while the database is away: longer than a restart of it takes. */
const STALE_MS = 60_000;

/** The pool as it was at most two seconds ago. Read when somebody asks and not otherwise; many askers share one reading. */
export class PoolView {
  readonly #store: Pick<ProxyStore, 'listUsable'>;
  readonly #passwords: PasswordSafe;
  #snapshot: PoolSnapshot | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<PoolSnapshot> | null = null;
  #isOutdated = false;

  constructor(store: Pick<ProxyStore, 'listUsable'>, passwords: PasswordSafe) {
    this.#store = store;
    this.#passwords = passwords;
  }

  /** @throws the database's error when it is away for longer than a minute. */
  async get(): Promise<PoolSnapshot> {
    if (this.#snapshot !== null && !this.#isOutdated && this.#ageMs() < FRESH_MS) return this.#snapshot;
    this.#reading ??= this.#startReading();
    try {
      return await this.#reading;
    } catch (error) {
      if (this.#snapshot === null || this.#ageMs() > STALE_MS) throw error;
      return this.#snapshot;
    }
  }

  /** Something has changed in the database: whoever asks next sees it, even when a reading is under way. */
  markOutdated(): void {
    this.#isOutdated = true;
    this.#reading = null;
  }

  #startReading(): Promise<PoolSnapshot> {
    const reading = this.#read().finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    return reading;
  }

  async #read(): Promise<PoolSnapshot> {
    this.#isOutdated = false;
    const startedAtMs = performance.now();
    try {
      const snapshot = await readPool(this.#store, this.#passwords);
      // A reading that began before the last one ended knows less than it.
      if (startedAtMs >= this.#readAtMs) {
        this.#snapshot = snapshot;
        this.#readAtMs = startedAtMs;
      }
      return snapshot;
    } catch (error) {
      this.#isOutdated = true;
      throw error;
    }
  }

  #ageMs(): number {
    return performance.now() - this.#readAtMs;
  }
}
