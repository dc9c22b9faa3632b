import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';

/** Progress between two checkpoints is for people who watch: once a second is enough for them. */
const INTERVAL_MS = 1_000;

/** Saves the latest progress at most once a second, one save at a time. A save that fails is dropped: the next tells more. */
export class ProgressReporter {
  readonly #save: (progress: SessionProgress) => Promise<void>;
  #latest: SessionProgress | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastSavedAtMs = Number.NEGATIVE_INFINITY;
  #saving = false;
  #closed = false;

  constructor(save: (progress: SessionProgress) => Promise<void>) {
    this.#save = save;
  }

  report(progress: SessionProgress): void {
    this.#latest = progress;
    this.#schedule();
  }

  /** A checkpoint carries newer progress than what waits here. */
  supersede(): void {
    this.#latest = null;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed || this.#timer || this.#saving) return;
    const delayMs = Math.max(0, this.#lastSavedAtMs + INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => void this.#send(), delayMs);
  }

  async #send(): Promise<void> {
    this.#timer = null;
    const progress = this.#latest;
    this.#latest = null;
    if (!progress || this.#closed) return;
    this.#saving = true;
    this.#lastSavedAtMs = performance.now();
    try {
      await this.#save(progress);
    } catch {
      // A lost claim shows at the next checkpoint, and a database that is away at everything else.
    } finally {
      this.#saving = false;
      if (this.#latest) this.#schedule();
    }
  }
}
