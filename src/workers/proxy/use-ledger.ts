import type { ProxyEvent } from './proxy-health.ts';
import type { ProxyUse } from './proxy-routes.ts';

export interface UseLedgerOptions {
  /** Writes what was collected. May throw: then it is written with the next. */
  write: (uses: ReadonlyMap<number, readonly ProxyEvent[]>) => Promise<void>;
  /** From the first use to its being written. */
  intervalMs: number;
  onTrouble: (error: unknown) => void;
}

/** Of one proxy, in case nothing can be written for long; more would not change its state any more. */
const USES_MAX = 100;

/** Collects how proxies were used, so that no request costs a write. Makes no statement while nothing happens. */
export class UseLedger {
  readonly #options: UseLedgerOptions;
  #uses = new Map<number, ProxyEvent[]>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: UseLedgerOptions) {
    this.#options = options;
  }

  add(proxyId: number, use: ProxyUse): void {
    const uses = this.#uses.get(proxyId) ?? [];
    this.#uses.set(proxyId, [...uses, { kind: 'used' as const, ...use }].slice(-USES_MAX));
    this.#later();
  }

  /** Writes what is there; never throws. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Writes the rest, once; what cannot be written now is lost, which costs a proxy a few samples. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #later(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.intervalMs);
  }

  async #write(): Promise<void> {
    const uses = this.#uses;
    if (uses.size === 0) return;
    this.#uses = new Map();
    try {
      await this.#options.write(uses);
    } catch (error) {
      this.#options.onTrouble(error);
      this.#takeBack(uses);
      this.#later();
    }
  }

  #takeBack(uses: ReadonlyMap<number, ProxyEvent[]>): void {
    for (const [proxyId, earlier] of uses) {
      this.#uses.set(proxyId, [...earlier, ...(this.#uses.get(proxyId) ?? [])].slice(-USES_MAX));
    }
  }
}
