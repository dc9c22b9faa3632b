import { makePermits } from './demo-permits.ts';
import { type DemoRow, PUBLISHERS } from './publishers.ts';

const DAY_MS = 86_400_000;

type RowsBySlug = Readonly<Record<string, readonly DemoRow[]>>;

/** The rows of all publishers, made anew when the day (in UTC) is another. */
export class DailyRows {
  readonly #total: number;
  readonly #seed: number;
  readonly #fixed: Date | undefined;
  #day: number | null = null;
  #rows: RowsBySlug = {};

  constructor(total: number, seed: number, fixed?: Date) {
    this.#total = total;
    this.#seed = seed;
    this.#fixed = fixed;
  }

  today(): RowsBySlug {
    const now = this.#fixed ?? new Date();
    const day = Math.floor(now.getTime() / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#rows = this.#make(now);
    }
    return this.#rows;
  }

  #make(now: Date): RowsBySlug {
    return Object.fromEntries(
      PUBLISHERS.map((publisher) => {
        const rows = Math.round(this.#total * publisher.share);
        return [publisher.slug, makePermits(publisher, rows, this.#seed, now).map(publisher.toRow)];
      }),
    );
  }
}
