const SAMPLES_KEPT = 51;
/** With fewer the usual size is unknown. */
const SAMPLES_MIN = 10;
const KEYS_MAX = 1_000;

/** Knows how large the good pages of a source usually are, as this worker has seen them. */
export class UsualSizes {
  /** The key that was seen last is at the end. */
  readonly #samples = new Map<string, number[]>();

  /** @param key what pages are alike: a source on a host. */
  note(key: string, bytes: number): void {
    const samples = [...(this.#samples.get(key) ?? []), bytes].slice(-SAMPLES_KEPT);
    this.#samples.delete(key);
    this.#samples.set(key, samples);
    const oldest = this.#samples.size > KEYS_MAX ? this.#samples.keys().next().value : undefined;
    if (oldest !== undefined) this.#samples.delete(oldest);
  }

  /** Median of the last pages in bytes; null while it is unknown. */
  median(key: string): number | null {
    const samples = this.#samples.get(key) ?? [];
    if (samples.length < SAMPLES_MIN) return null;
    return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? null;
  }
}
