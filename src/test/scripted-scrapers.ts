import { setTimeout as wait } from 'node:timers/promises';
import { AppError, ThrottledError } from '#lib/errors.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import { scriptedParser, titleParser } from './scripted-parser.ts';

/**
 * Scrapers for tests of the runtime: what a session does stands in its params. Loaded by real workers in place of
 * src/workers/scrapers/index.ts.
 */
export type Script =
  /** Reads pages 1 … count of a site; every page gives two leads and one checkpoint. */
  | { do: 'pages'; origin: string; count: number }
  /** Fetches and parses pages 0 … count - 1 of a site; its cursor is how many ended how. */
  | { do: 'parse'; origin: string; count: number; parser: 'listed' | 'unlisted' }
  | { do: 'nothing' }
  /** Saves a checkpoint every `stepMs` without asking any site. */
  | { do: 'steps'; count: number; stepMs: number }
  /** Waits until it is told to stop. */
  | { do: 'wait' }
  /** Never comes back, whatever it is told. */
  | { do: 'ignore-signal' }
  | { do: 'throw'; message: string }
  | { do: 'throttled'; retryAfterMs: number }
  | { do: 'exit'; code: number; afterMs?: number }
  | { do: 'unhandled' }
  /** Takes memory until somebody stops it. */
  | { do: 'hoard' }
  | { do: 'block-event-loop' };

class ScriptedScraper extends BaseScraper {
  readonly source = 'permits';

  protected override async scrape(): Promise<void> {
    const script = this.params as unknown as Script;
    switch (script.do) {
      case 'pages':
        return await this.#readPages(script);
      case 'parse':
        return await this.#parsePages(script);
      case 'nothing':
        return;
      case 'steps':
        return await this.#saveSteps(script);
      case 'wait':
        this.logInfo('Waiting for a signal');
        return await wait(3_600_000, undefined, { signal: this.signal });
      case 'ignore-signal':
        return await wait(3_600_000);
      case 'throw':
        throw new Error(script.message);
      case 'throttled':
        throw new ThrottledError('The site asks for a rest', script.retryAfterMs);
      case 'exit':
        if (script.afterMs) await wait(script.afterMs);
        return process.exit(script.code);
      case 'unhandled':
        void Promise.reject(new Error('nobody catches this'));
        return await wait(3_600_000);
      case 'hoard': {
        const hoard: Buffer[] = [];
        // Written to, for the kernel gives memory only then; outside the heap, whose own limit is none of this.
        for (;;) hoard.push(Buffer.alloc(8_388_608, 1));
      }
      case 'block-event-loop':
        for (;;) Math.random();
    }
  }

  async #readPages({ origin, count }: Script & { do: 'pages' }): Promise<void> {
    const first = typeof this.cursor === 'number' ? this.cursor + 1 : 1;
    for (let page = first; page <= count; page += 1) {
      const url = `${origin}/page/${page}?location=${encodeURIComponent(this.context.location)}`;
      const rows = await this.makeRequest<string[]>(url, { as: 'json' });
      for (const row of rows) this.#emitRow(url, row);
      await this.checkpoint(page, { progress: { message: `Page ${page}`, done: page, total: count } });
    }
  }

  async #saveSteps({ count, stepMs }: Script & { do: 'steps' }): Promise<void> {
    for (let step = 1; step <= count; step += 1) {
      await wait(stepMs, undefined, { signal: this.signal });
      await this.checkpoint(step);
    }
  }

  async #parsePages({ origin, count, parser }: Script & { do: 'parse' }): Promise<void> {
    const outcomes: Record<string, number> = {};
    const pages = Array.from({ length: count }, (_, page) => `${origin}/page/${page}`).values();
    const lane = async () => {
      for (const url of pages) {
        const outcome = await this.#parsePage(url, parser);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: this.config.maxConcurrent }, lane));
    await this.checkpoint(outcomes);
  }

  async #parsePage(url: string, parser: 'listed' | 'unlisted'): Promise<string> {
    try {
      const page = await this.fetchPage(url);
      if (parser === 'unlisted') await this.parsePage(page, titleParser);
      else await this.parsePage(page, scriptedParser, { do: 'outline' });
      return 'parsed';
    } catch (error) {
      if (error instanceof AppError && error.disposition === 'skip-page') return error.code;
      throw error;
    }
  }

  #emitRow(sourceUrl: string, row: string): void {
    const fetchedAt = new Date().toISOString();
    this.emitLead({
      portal: `portal-${this.context.location}`,
      sourceRowId: row,
      sourceUrl,
      role: 'owner',
      name: `Person ${row}`,
      address: `${row.length} Example Street`,
      city: 'Savannah',
      state: 'GA',
      provenance: { name: { sourceUrl, sourceRowId: row, rule: 'row', fetchedAt } },
    });
  }
}

/** What the threads of these workers know; `titleParser` is left out on purpose. */
export const PARSERS = [scriptedParser];

export function createScraper(): BaseScraper {
  const rateLimit = Number(process.env.TEST_RATE_LIMIT_MS ?? 20);
  const jobTimeout = Number(process.env.TEST_JOB_TIMEOUT_MS ?? 60_000);
  const useProxy = process.env.TEST_USE_PROXY === 'true';
  return new ScriptedScraper({ rateLimit, retryDelay: 50, jobTimeout, useProxy });
}
