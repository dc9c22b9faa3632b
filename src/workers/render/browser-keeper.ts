import type { Browser } from 'playwright-core';
import type { Logger } from '#lib/logger.ts';
import type { RunningBrowser } from './launch-browser.ts';

export interface BrowserKeeperOptions {
  start: () => Promise<RunningBrowser>;
  logger: Logger;
  /** After so many pages a browser is replaced; 50 unless given. */
  pagesMax?: number;
  /** After this time in ms a browser is replaced; ten minutes unless given. */
  ageMaxMs?: number;
  /** With more memory than this in MiB a browser is replaced; 1024 unless given. */
  memoryMaxMb?: number;
  /** Without a page for this time in ms the browser is closed; a minute unless given. */
  idleMs?: number;
}

/** The right to show one page. Must be given back. */
export interface BrowserLease {
  browser: Browser;
  pid: number;
  /** Ends the browser with all pages in it: for one that no longer listens. */
  kill(): void;
  release(): void;
}

interface Kept {
  running: RunningBrowser;
  startedAt: number;
  pagesShown: number;
  pagesOpen: number;
  /** Gets no further page, and is closed after its last one. */
  isRetired: boolean;
  idleTimer: NodeJS.Timeout | null;
}

const CLOSE_MAX_MS = 5_000;

/** One browser for all pages of a worker: started on first use, replaced when it is used up or gone, closed while nobody needs it. */
export class BrowserKeeper {
  readonly #start: () => Promise<RunningBrowser>;
  readonly #logger: Logger;
  readonly #limits: Required<Pick<BrowserKeeperOptions, 'pagesMax' | 'ageMaxMs' | 'memoryMaxMb' | 'idleMs'>>;
  readonly #all = new Set<Kept>();
  #current: Promise<Kept> | null = null;
  #isClosed = false;

  constructor(options: BrowserKeeperOptions) {
    const { start, logger, pagesMax = 50, ageMaxMs = 600_000, memoryMaxMb = 1_024, idleMs = 60_000 } = options;
    this.#start = start;
    this.#logger = logger;
    this.#limits = { pagesMax, ageMaxMs, memoryMaxMb, idleMs };
  }

  /** @throws what `start` throws; the next call starts anew. */
  async lease(): Promise<BrowserLease> {
    const kept = await this.#findOrStart();
    kept.pagesOpen += 1;
    kept.pagesShown += 1;
    if (kept.idleTimer) clearTimeout(kept.idleTimer);
    const { browser, pid, kill } = kept.running;
    let released = false;
    return {
      browser,
      pid,
      kill,
      release: () => {
        if (released) return;
        released = true;
        kept.pagesOpen -= 1;
        void this.#afterPage(kept);
      },
    };
  }

  /** Closes all browsers, also under pages that are still shown. No browser is started any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#current?.catch(() => {});
    await Promise.all([...this.#all].map((kept) => this.#closeOne(kept)));
  }

  async #findOrStart(): Promise<Kept> {
    for (;;) {
      if (this.#isClosed) throw new Error('The browser for pages is closed');
      const starting = this.#current ?? this.#startNext();
      const kept = await starting;
      if (this.#isUsable(kept)) return kept;
      if (this.#current === starting) this.#current = null;
      this.#retire(kept);
    }
  }

  #startNext(): Promise<Kept> {
    const starting = this.#start().then((running) => this.#keep(running));
    this.#current = starting;
    starting.catch(() => {
      if (this.#current === starting) this.#current = null;
    });
    return starting;
  }

  #keep(running: RunningBrowser): Kept {
    const kept: Kept = {
      running,
      startedAt: performance.now(),
      pagesShown: 0,
      pagesOpen: 0,
      isRetired: false,
      idleTimer: null,
    };
    this.#all.add(kept);
    running.browser.once('disconnected', () => {
      if (kept.idleTimer) clearTimeout(kept.idleTimer);
      kept.isRetired = true;
      this.#all.delete(kept);
    });
    return kept;
  }

  #isUsable({ running, startedAt, pagesShown, isRetired }: Kept): boolean {
    const isOld = performance.now() - startedAt > this.#limits.ageMaxMs || pagesShown >= this.#limits.pagesMax;
    return !isOld && !isRetired && running.browser.isConnected();
  }

  async #afterPage(kept: Kept): Promise<void> {
    const memoryMb = await kept.running.memoryMb().catch(() => null);
    const isHeavy = memoryMb !== null && memoryMb > this.#limits.memoryMaxMb;
    if (isHeavy)
      this.#logger.info({ browserPid: kept.running.pid, memoryMb: Math.round(memoryMb) }, 'A browser is too large');
    if (isHeavy || !this.#isUsable(kept)) this.#retire(kept);
    else if (kept.pagesOpen === 0) this.#closeWhenIdle(kept);
  }

  #closeWhenIdle(kept: Kept): void {
    if (kept.idleTimer) clearTimeout(kept.idleTimer);
    kept.idleTimer = setTimeout(() => this.#retire(kept), this.#limits.idleMs).unref();
  }

  #retire(kept: Kept): void {
    kept.isRetired = true;
    if (kept.pagesOpen === 0) void this.#closeOne(kept);
  }

  async #closeOne({ running }: Kept): Promise<void> {
    const timer = setTimeout(running.kill, CLOSE_MAX_MS);
    await running.browser.close().catch(() => {});
    clearTimeout(timer);
  }
}
