import { describe, expect, it } from 'vitest';
import { CancelledError, LayoutChangedError, RobotsDisallowedError } from '../errors.ts';
import type { LeadDraft } from '../leads/lead.ts';
import { BaseScraper } from './base-scraper.ts';
import { createMemoryContext } from './memory-context.ts';

const draft = (sourceRowId: string): LeadDraft => ({
  portal: 'portal',
  sourceRowId,
  sourceUrl: 'https://example.com/rows',
  role: 'owner',
  name: `Person ${sourceRowId}`,
  provenance: {},
});

/** A scraper whose work is given by the test, with its protected members opened. */
class OpenScraper extends BaseScraper {
  readonly source = 'permits';
  work: (scraper: OpenScraper) => Promise<void> = async () => {};
  protected override scrape = () => this.work(this);
  override makeRequest = super.makeRequest as BaseScraper['makeRequest'];
  override renderPage = super.renderPage;
  override emitLead = super.emitLead;
  override checkpoint = super.checkpoint;
  override reportProgress = super.reportProgress;
  override logWarn = super.logWarn;
  override extractEmail = super.extractEmail;
  override extractPhone = super.extractPhone;
  override cleanText = super.cleanText;
  get resumeAt() {
    return this.cursor;
  }
}

function scraperThat(work: OpenScraper['work'], config = {}): OpenScraper {
  const scraper = new OpenScraper(config);
  scraper.work = work;
  return scraper;
}

describe('BaseScraper', () => {
  it('merges the defaults of its source with what the constructor was given', () => {
    expect(new OpenScraper({ rateLimit: 50 }).config).toMatchObject({
      rateLimit: 50,
      maxConcurrent: 3,
      timeout: 30_000,
    });
  });

  it('saves leads with each checkpoint and the rest at the end, each once', async () => {
    const context = createMemoryContext();
    const scraper = scraperThat(async (it) => {
      it.emitLead(draft('1'));
      await it.checkpoint('page 1');
      it.emitLead(draft('1'));
      it.emitLead(draft('2'));
    });
    const result = await scraper.execute('Georgia', { context });
    expect(result).toMatchObject({ totalLeads: 2, leads: [] });
    expect(context.leads.map((lead) => lead.sourceRowId)).toEqual(['1', '2']);
    expect(context.checkpoints.map(({ cursor, leads }) => [cursor, leads.length])).toEqual([
      ['page 1', 1],
      ['page 1', 2],
    ]);
  });

  it('keeps checkpoints in the order of their calls', async () => {
    const context = createMemoryContext();
    const scraper = scraperThat(async (it) => {
      await Promise.all([it.checkpoint(1), it.checkpoint(2), it.checkpoint(3)]);
    });
    await scraper.execute('Georgia', { context });
    expect(context.checkpoints.map(({ cursor }) => cursor)).toEqual([1, 2, 3]);
  });

  it('keeps the leads of a checkpoint that failed for the next one', async () => {
    const memory = createMemoryContext();
    let fails = true;
    const context = {
      ...memory,
      checkpoint: async (given: Parameters<typeof memory.checkpoint>[0]) => {
        if (fails) throw new Error('not now');
        return await memory.checkpoint(given);
      },
    };
    const scraper = scraperThat(async (it) => {
      it.emitLead(draft('1'));
      await it.checkpoint('a').catch(() => {});
      fails = false;
      it.emitLead(draft('2'));
      await it.checkpoint('b');
    });
    await scraper.execute('Georgia', { context });
    expect(memory.leads.map((lead) => lead.sourceRowId)).toEqual(['1', '2']);
  });

  it('has at most maxConcurrent requests under way', async () => {
    let underWay = 0;
    let most = 0;
    const page = createMemoryContext({ pages: { 'https://example.com/': 'x' } });
    const context = createMemoryContext({
      fetchPage: async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return await page.fetchPage('https://example.com/');
      },
    });
    const scraper = scraperThat(
      async (it) => {
        await Promise.all(Array.from({ length: 10 }, () => it.makeRequest('https://example.com/')));
      },
      { maxConcurrent: 2 },
    );
    await scraper.execute('Georgia', { context });
    expect(most).toBe(2);
  });

  it('gives pages as text or as JSON, and calls a page that is not JSON a changed layout', async () => {
    const pages = { 'https://example.com/a': '{"rows":[1]}', 'https://example.com/b': '<html>' };
    const scraper = scraperThat(async (it) => {
      expect(await it.makeRequest('https://example.com/a')).toBe('{"rows":[1]}');
      expect(await it.makeRequest('https://example.com/a', { as: 'json' })).toEqual({ rows: [1] });
      await it.makeRequest('https://example.com/b', { as: 'json' });
    });
    const execution = scraper.execute('Georgia', { context: createMemoryContext({ pages }) });
    await expect(execution).rejects.toBeInstanceOf(LayoutChangedError);
  });

  it('ends with the reason of the abort, also for requests that wait for their turn', async () => {
    const controller = new AbortController();
    const context = createMemoryContext({ signal: controller.signal, fetchPage: () => new Promise(() => {}) });
    const scraper = scraperThat(
      async (it) => {
        await Promise.all([it.makeRequest('https://example.com/1'), it.makeRequest('https://example.com/2')]);
      },
      { maxConcurrent: 1 },
    );
    const execution = scraper.execute('Georgia', { context });
    const reason = new CancelledError('The session was cancelled');
    controller.abort(reason);
    await expect(execution).rejects.toBe(reason);
  });

  it('knows where an earlier attempt got to and what it found', async () => {
    const context = createMemoryContext({ cursor: { page: 4 } });
    let seen: unknown;
    const scraper = scraperThat(async (it) => {
      seen = it.resumeAt;
    });
    await scraper.execute('Georgia', { context });
    expect(seen).toEqual({ page: 4 });
    expect(context.checkpoints.map(({ cursor }) => cursor)).toEqual([{ page: 4 }]);
  });

  it('puts warnings and the last progress into its result', async () => {
    const scraper = scraperThat(async (it) => {
      it.logWarn('one portal is down');
      it.reportProgress({ message: 'Savannah: page 3' });
    });
    const result = await scraper.execute('Georgia', { context: createMemoryContext() });
    expect(result).toMatchObject({ warnings: ['one portal is down'], progress: { message: 'Savannah: page 3' } });
  });

  it('extracts contacts and cleans text', async () => {
    const scraper = new OpenScraper();
    expect(scraper.extractEmail('write to jo [at] example dot com')).toBe('jo@example.com');
    expect(scraper.extractEmail('nothing here')).toBeNull();
    expect(scraper.extractPhone('call (912) 555-0142')).toBe('+19125550142');
    expect(scraper.extractPhone('nothing here')).toBeNull();
    expect(scraper.cleanText('  a\u00a0\u200b\n b ')).toBe('a b');
  });

  it('takes a page that robots.txt forbids for an outcome, and keeps what was found before it', async () => {
    const context = createMemoryContext();
    const scraper = scraperThat(async (it) => {
      it.emitLead(draft('1'));
      throw new RobotsDisallowedError('robots.txt line 3 forbids it');
    });
    const result = await scraper.execute('Georgia', { context });
    expect(result).toMatchObject({ totalLeads: 1, skipped: 'robots.txt line 3 forbids it' });
    expect(context.leads).toHaveLength(1);
  });

  it('shows a page in a browser only where the config says so', async () => {
    const pages = { 'https://example.com/': '<p>made by a script</p>' };
    const read: string[] = [];
    const scraper = () =>
      scraperThat(async (it) => {
        read.push((await it.renderPage('https://example.com/')).text);
      });
    const refusing = createMemoryContext({ pages });
    await expect(scraper().execute('Georgia', { context: refusing })).rejects.toMatchObject({ code: 'invalid_input' });
    const allowing = createMemoryContext({ pages, config: { renderPages: true } });
    await scraper().execute('Georgia', { context: allowing });
    expect(read).toEqual(['<p>made by a script</p>']);
  });

  it('runs one location at a time and says so', async () => {
    const scraper = scraperThat(() => new Promise(() => {}));
    void scraper.execute('Georgia', { context: createMemoryContext() });
    await expect(scraper.execute('Ohio', { context: createMemoryContext() })).rejects.toThrow('one location at a time');
  });
});
