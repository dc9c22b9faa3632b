import type { Db } from '#lib/db/create-db.ts';
import { silentLogger } from '#lib/logger.ts';
import type { ScraperConfigInput } from '#lib/scraper-config.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import { collectEvents } from '#workers/events.ts';
import { SessionLogWriter } from '#workers/logs/session-log-writer.ts';
import { RequestLogWriter } from '#workers/pages/request-log-writer.ts';
import { LocalValidatorStore } from '#workers/pages/validator-store.ts';
import { PgPortalStore } from '#workers/portal-store.ts';
import type { SessionQueue } from '#workers/ports/session-queue.ts';
import { JobRunner, type JobRunnerDeps } from '#workers/worker/job-runner.ts';

export type Work = (scraper: GivenScraper) => Promise<void>;

/** A scraper whose work is given by the test. */
export class GivenScraper extends BaseScraper {
  readonly source = 'permits';
  readonly #work: Work;
  constructor(work: Work, config: ScraperConfigInput = {}) {
    super(config);
    this.#work = work;
  }
  protected override scrape = () => this.#work(this);
  emit(row: string): void {
    const sourceUrl = 'https://example.com/rows';
    const name = { sourceUrl, sourceRowId: row, rule: 'row', fetchedAt: new Date().toISOString() };
    this.emitLead({
      portal: 'p',
      sourceRowId: row,
      sourceUrl,
      role: 'owner',
      name: `Person ${row}`,
      address: '1 Example Street',
      provenance: { name },
    });
  }
  /** As the fetcher notes it. */
  noteProxy(proxy: string): void {
    this.context.stats.proxyUsed = proxy;
  }
  get location(): string {
    return this.context.location;
  }
  fetch = (url: string) => this.fetchPage(url);
  save = (cursor: unknown) => this.checkpoint(cursor);
  /** The number that an earlier attempt saved last; 0 on a first one. */
  get reached(): number {
    return typeof this.cursor === 'number' ? this.cursor : 0;
  }
  /** Rejects with the reason. */
  untilAborted = (): Promise<never> =>
    new Promise((_resolve, reject) => {
      if (this.signal.aborted) reject(this.signal.reason);
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true });
    });
}

/** A runner that fetches nothing: its sessions do what the test says. */
export function makeGivenRunner(work: Work, deps: { db: Db; queue: SessionQueue } & Partial<JobRunnerDeps>): JobRunner {
  const { db, queue, ...more } = deps;
  return new JobRunner({
    workerId: 'worker',
    queue,
    portals: new PgPortalStore(db),
    fetcher: { fetchPage: () => Promise.reject(new Error('these tests fetch nothing')) },
    renderer: { renderPage: () => Promise.reject(new Error('these tests render nothing')) },
    parsing: { parse: () => Promise.reject(new Error('these tests parse nothing')) },
    events: collectEvents(async () => {}),
    logs: new SessionLogWriter({ journal: { addLines: async () => {} }, workerId: 'worker' }),
    requests: new RequestLogWriter({ journal: { addRequests: async () => {} } }),
    validators: new LocalValidatorStore(),
    logger: silentLogger(),
    isLeaseSafe: () => true,
    createScraper: () => new GivenScraper(work),
    complete: async (item) => (await queue.complete([item])).has(item.id),
    onChange: () => {},
    onUnclean: () => {},
    abortGraceMs: 20,
    ...more,
  });
}
