import { afterEach, describe, expect, it } from 'vitest';
import { LayoutChangedError, NetworkError, RequestRefusedError, ThrottledError } from '#lib/errors.ts';
import { silentLogger } from '#lib/logger.ts';
import type { Portal, PortalFields } from '#lib/portals/portal.ts';
import { scraperConfigSchema } from '#lib/scraper-config.ts';
import { createMemoryContext, type MemoryContext, watermarkKey } from '#lib/scrapers/memory-context.ts';
import { type BadPublisher, type Manners, startBadPublisher } from '#test/bad-publisher.ts';
import { LocalHostPacer } from '#workers/fetch/host-pacer-local.ts';
import { createPageFetcher } from '#workers/fetch/page-fetcher.ts';
import { LocalRobotsStore } from '#workers/fetch/robots-store.ts';
import { PermitsScraper } from './permits.scraper.ts';

type Kind = Portal['kind'];

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const FIELDS: PortalFields = {
  id: 'number',
  date: 'issued',
  description: 'work',
  address: 'address',
  contacts: [{ role: 'owner', name: 'owner', phone: 'phone' }],
};

const PATHS: Record<Kind, string> = {
  socrata: '/resource/abcd-1234.json',
  arcgis: '/arcgis/rest/services/Permits/FeatureServer/0',
  ckan: '/api/3/action/datastore_search?resource_id=r-1',
};
const KINDS: Kind[] = ['socrata', 'arcgis', 'ckan'];

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
const isoDay = (at: Date): string => at.toISOString().slice(0, 10);

function makeRows(kind: Kind, count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => {
    const issued = daysAgo(1 + (index % 50));
    const id = index + 1;
    const key = {
      socrata: { ':id': `row-${String(id).padStart(6, '0')}` },
      arcgis: { OBJECTID: id },
      ckan: { _id: id },
    }[kind];
    return {
      ...key,
      number: `P-${id}`,
      issued: kind === 'arcgis' ? Date.parse(isoDay(issued)) : `${isoDay(issued)}T00:00:00.000`,
      work: index % 10 === 0 ? 'RE-ROOF shingles' : 'Kitchen remodel',
      address: `${id} Example St`,
      owner: `Pat Example${String.fromCharCode(65 + (index % 26))}`,
      phone: '(404) 555-0123',
    };
  });
}

function portalOf(kind: Kind, publisher: BadPublisher, name: string = kind): Portal {
  return {
    id: `ga-${name}`,
    source: 'permits',
    kind,
    name,
    state: 'GA',
    county: null,
    city: 'Savannah',
    url: `${publisher.origin}${PATHS[kind]}`,
    fields: FIELDS,
    signal: null,
    rateLimitMs: 0,
    origin: 'api',
    enabled: true,
    note: null,
  };
}

async function publish(kind: Kind, manners: Partial<Manners> = {}): Promise<BadPublisher> {
  const publisher = await startBadPublisher(kind, { rows: makeRows(kind, 230), cap: 50, ...manners });
  open.push(publisher);
  return publisher;
}

interface World {
  params?: Record<string, unknown>;
  cursor?: unknown;
  watermarks?: Map<string, Date>;
  signal?: AbortSignal;
}

function contextFor(publishers: BadPublisher[], portals: Portal[], world: World = {}): MemoryContext {
  const config = scraperConfigSchema.parse({ rateLimit: 0, retryDelay: 5, maxRetries: 2, timeout: 3000 });
  const fetcher = createPageFetcher({
    pacer: new LocalHostPacer(),
    robots: new LocalRobotsStore(),
    userAgent: 'EkoLeadBot/0.1 (+https://example.com/bot)',
    logger: silentLogger(),
    allowAddresses: publishers.map((publisher) => publisher.host),
  });
  open.push(fetcher);
  return createMemoryContext({
    ...world,
    location: 'Georgia',
    config,
    portals,
    fetchPage: (url, options, context) =>
      fetcher.fetchPage(url, options ?? {}, {
        source: 'permits',
        workerId: 'test',
        sessionId: null,
        config,
        signal: context.signal,
        stats: context.stats,
        log: context.log,
        recordRequest: () => {},
        noteHost: () => {},
        noteRead: () => {},
      }),
  });
}

async function scrapeOne(kind: Kind, publisher: BadPublisher, world: World = {}): Promise<MemoryContext> {
  const context = contextFor([publisher], [portalOf(kind, publisher)], world);
  await new PermitsScraper().execute('Georgia', { context });
  return context;
}

const numbersOf = (context: MemoryContext): string[] => context.leads.map((lead) => lead.sourceRowId).sort();
const allNumbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `P-${index + 1}`).sort();
const lastPart = (context: MemoryContext) => context.checkpoints.at(-1)?.progress?.parts?.[0];

const AS_ERROR: Record<Kind, string> = {
  socrata: JSON.stringify({ code: 'internal-error', error: true, message: 'try later' }),
  arcgis: JSON.stringify({ error: { code: 500, message: 'Error performing query', details: [] } }),
  ckan: JSON.stringify({ success: false, error: { __type: 'Internal Error', message: 'try later' } }),
};

describe.each(KINDS)('a publisher that speaks %s badly is read completely, each row once', (kind) => {
  it.each([
    ['caps its pages below what is asked', {}],
    ['caps them at one row', { cap: 1, rows: makeRows(kind, 7) }],
    ['says neither how many rows there are nor whether more follow', { tellsNothing: true }],
    ['ignores offsets', { ignoresOffset: true }],
    ['ignores offsets and tells nothing', { ignoresOffset: true, tellsNothing: true }],
    ['ignores the date filter', { ignoresFilter: true }],
    ['has no rows on a last full page', { rows: makeRows(kind, 100) }],
    [
      'answers 429 in the middle',
      { interruptions: { 3: { status: 429, body: 'slow down', headers: { 'retry-after': '1' } } } },
    ],
    ['sends an error with status 200 in the middle', { interruptions: { 3: { status: 200, body: AS_ERROR[kind] } } }],
    ['breaks down once', { interruptions: { 2: { status: 500, body: 'oops' }, 4: { status: 502, body: '' } } }],
  ] satisfies [string, Partial<Manners>][])('%s', async (_, manners: Partial<Manners>) => {
    const publisher = await publish(kind, manners);
    const context = await scrapeOne(kind, publisher);
    expect(numbersOf(context)).toEqual(allNumbers(publisher.manners.rows.length));
    expect(lastPart(context)).toMatchObject({ state: 'done', rows: publisher.manners.rows.length });
  });

  it('ends with an error that says so when neither offsets nor keys work', async () => {
    const publisher = await publish(kind, { ignoresOffset: true, ignoresKeys: true });
    const scraped = scrapeOne(kind, publisher);
    await expect(scraped).rejects.toThrow('cannot be read completely');
  });

  it('ends with an error when its answer is something else', async () => {
    const publisher = await publish(kind, { interruptions: { 1: { status: 200, body: '<html>We moved</html>' } } });
    await expect(scrapeOne(kind, publisher)).rejects.toBeInstanceOf(LayoutChangedError);
  });

  it('ends with an error that names a column which is gone', async () => {
    const rows = makeRows(kind, 20).map(({ issued, ...row }) => ({ ...row, issued_on: issued }));
    const publisher = await publish(kind, { rows, ignoresFilter: true });
    await expect(scrapeOne(kind, publisher)).rejects.toThrow('has no column "issued" any more');
  });

  it('resumes at the page it reached after being killed', async () => {
    const publisher = await publish(kind);
    const ending = new AbortController();
    const context = contextFor([publisher], [portalOf(kind, publisher)], { signal: ending.signal });
    const save = context.checkpoint;
    context.checkpoint = async (checkpoint) => {
      const counts = await save(checkpoint);
      if (context.checkpoints.length === 2) ending.abort(new NetworkError('killed'));
      return counts;
    };
    await expect(new PermitsScraper().execute('Georgia', { context })).rejects.toThrow('killed');
    const cursor = JSON.parse(JSON.stringify(context.checkpoints.at(-1)?.cursor));
    const second = await scrapeOne(kind, publisher, { cursor });
    expect([...numbersOf(context), ...numbersOf(second)].sort()).toEqual(allNumbers(230));
  });

  it('reads only what is new in the next run', async () => {
    const publisher = await publish(kind);
    const first = await scrapeOne(kind, publisher);
    expect(first.watermarks.get(watermarkKey(`ga-${kind}`, 'any'))).toEqual(
      new Date(`${isoDay(daysAgo(1))}T00:00:00Z`),
    );
    const second = await scrapeOne(kind, publisher, { watermarks: first.watermarks });
    expect(numbersOf(second)).toEqual(['P-1', 'P-101', 'P-151', 'P-201', 'P-51']);
  });

  it('stops at maxRows and leaves the watermark where it was', async () => {
    const publisher = await publish(kind);
    const context = await scrapeOne(kind, publisher, { params: { maxRows: 60 } });
    expect(context.leads).toHaveLength(60);
    expect(context.watermarks.size).toBe(0);
    expect(lastPart(context)).toMatchObject({ rows: 60, note: 'stopped at maxRows (60)' });
  });

  it('keeps only rows with the signal asked for', async () => {
    const publisher = await publish(kind);
    const context = await scrapeOne(kind, publisher, { params: { signal: 'reroof' } });
    expect(context.leads).toHaveLength(23);
    expect(context.leads[0]).toMatchObject({
      signal: 're-roof',
      role: 'owner',
      phone: '+14045550123',
      city: 'Savannah',
    });
    expect(context.leads[0]?.provenance.phone).toMatchObject({ rule: 'fields.contacts[0].phone' });
  });

  it('leaves the watermark when asked for less than the usual window, and applies the date itself', async () => {
    const publisher = await publish(kind, { ignoresFilter: true });
    const context = await scrapeOne(kind, publisher, { params: { since: isoDay(daysAgo(10)) } });
    expect(context.leads).toHaveLength(50);
    expect(context.watermarks.size).toBe(0);
  });
});

describe('an ArcGIS layer with quirks', () => {
  it('that refuses DATE literals is asked with a timestamp', async () => {
    const publisher = await publish('arcgis', { refuses: /DATE '/ });
    expect((await scrapeOne('arcgis', publisher)).leads).toHaveLength(230);
    expect(publisher.requests.at(-1)).toContain("issued >= timestamp '");
  });

  it('that refuses orderByFields is asked without', async () => {
    const publisher = await publish('arcgis', { refuses: /orderByFields/ });
    expect((await scrapeOne('arcgis', publisher)).leads).toHaveLength(230);
  });

  it('is asked for existing columns only', async () => {
    const publisher = await publish('arcgis', { rows: makeRows('arcgis', 5).map(({ phone, ...row }) => row) });
    await scrapeOne('arcgis', publisher);
    expect(publisher.requests[1]).toContain('outFields=OBJECTID,number,issued,work,address,owner&');
  });

  it('that wants a sign-in is refused at once, with the reason', async () => {
    const body = JSON.stringify({ error: { code: 499, message: 'Token Required', details: [] } });
    const publisher = await publish('arcgis', { interruptions: { 2: { status: 200, body } } });
    await expect(scrapeOne('arcgis', publisher)).rejects.toThrow('the layer wants a sign-in');
    expect(publisher.requests).toHaveLength(2);
  });
});

describe('an ArcGIS layer that claims to be at its end', () => {
  it('is read on until its own count is reached', async () => {
    const publisher = await publish('arcgis', { saysNoMore: true });
    expect((await scrapeOne('arcgis', publisher)).leads).toHaveLength(230);
  });
});

describe('a CKAN table with quirks', () => {
  it('that ignores offsets and has no SQL is read by row numbers, over gaps', async () => {
    const rows = makeRows('ckan', 230).map((row) => ({
      ...row,
      _id: Number(row._id) + (Number(row._id) > 100 ? 450 : 0),
    }));
    const publisher = await publish('ckan', { rows, ignoresOffset: true, noSql: true });
    expect((await scrapeOne('ckan', publisher)).leads).toHaveLength(230);
  });
});

describe('a Socrata resource with quirks', () => {
  it('that refuses the chosen columns is asked for all', async () => {
    const publisher = await publish('socrata', { refuses: /\$select/ });
    expect((await scrapeOne('socrata', publisher)).leads).toHaveLength(230);
  });

  it('that knows no system row id is paged by the mapped id, also when offsets are ignored', async () => {
    const rows = makeRows('socrata', 40).map(({ ':id': _, ...row }) => row);
    const publisher = await publish('socrata', { rows, cap: 15 });
    expect((await scrapeOne('socrata', publisher)).leads).toHaveLength(40);
    const stubborn = await publish('socrata', { rows, cap: 15, ignoresOffset: true });
    expect((await scrapeOne('socrata', stubborn)).leads).toHaveLength(40);
  });
});

describe('a session with several portals', () => {
  it('reads the others when one is gone, and says why it failed', async () => {
    const good = await publish('arcgis');
    const bad = await publish('socrata', { interruptions: { 1: { status: 404, body: 'gone' } } });
    const context = contextFor([good, bad], [portalOf('socrata', bad, 'gone'), portalOf('arcgis', good, 'good')]);
    const result = await new PermitsScraper().execute('Georgia', { context });
    expect(context.leads).toHaveLength(230);
    expect(result.warnings.join()).toContain('gone:');
    expect(result.progress?.parts).toMatchObject([
      { name: 'gone', state: 'failed', note: expect.stringContaining('404') },
      { name: 'good', state: 'done' },
    ]);
  });

  it('reads demo portals first', async () => {
    const publishers = [await publish('arcgis'), await publish('ckan')] as const;
    const demo: Portal = { ...portalOf('ckan', publishers[1], 'demo'), origin: 'demo' };
    const context = contextFor([...publishers], [portalOf('arcgis', publishers[0]), demo]);
    await new PermitsScraper().execute('Georgia', { context });
    expect(context.leads[0]).toMatchObject({ portal: 'ga-demo', demo: true });
  });

  it('is tried again for the unfinished portal alone', async () => {
    const good = await publish('arcgis');
    const weak = await publish('ckan', {
      interruptions: Object.fromEntries([1, 2, 3].map((count) => [count, { status: 503, body: 'down' }])),
    });
    const portals = [portalOf('ckan', weak, 'weak'), portalOf('arcgis', good, 'good')];
    const first = contextFor([good, weak], portals);
    await expect(new PermitsScraper().execute('Georgia', { context: first })).rejects.toBeInstanceOf(NetworkError);
    expect(first.leads).toHaveLength(230);
    const asked = good.requests.length;
    const second = contextFor([good, weak], portals, { cursor: first.checkpoints.at(-1)?.cursor });
    await new PermitsScraper().execute('Georgia', { context: second });
    expect(good.requests).toHaveLength(asked);
    expect(second.leads.every((lead) => lead.portal === 'ga-weak')).toBe(true);
    expect(second.leads).toHaveLength(230);
  });

  it('snoozes when a publisher asks for a long pause', async () => {
    const slow = await publish('socrata', {
      interruptions: { 2: { status: 429, body: '', headers: { 'retry-after': '3600' } } },
    });
    const context = contextFor([slow], [portalOf('socrata', slow)]);
    const scraped = new PermitsScraper().execute('Georgia', { context });
    await expect(scraped).rejects.toBeInstanceOf(ThrottledError);
    expect(context.leads).toHaveLength(50);
  });

  it('fails with the reasons when no portal could be read for good', async () => {
    const bad = await publish('socrata', {
      interruptions: { 1: { status: 404, body: '' }, 2: { status: 410, body: '' } },
    });
    const context = contextFor([bad], [portalOf('socrata', bad, 'one'), portalOf('socrata', bad, 'two')]);
    const scraped = new PermitsScraper().execute('Georgia', { context });
    await expect(scraped).rejects.toBeInstanceOf(RequestRefusedError);
    await expect(scraped).rejects.toThrow(/None of 2 portals could be read: one: .*404.*; two: .*410/);
  });

  it.each([401, 403, 451])(
    'is blocked where its only publisher refuses with %i, at once and with what was found',
    async (status) => {
      const closed = await publish('socrata', { interruptions: { 3: { status, body: 'not for you' } } });
      const context = contextFor([closed], [portalOf('socrata', closed)]);
      const scraped = new PermitsScraper().execute('Georgia', { context });
      await expect(scraped).rejects.toMatchObject({ code: 'blocked', disposition: 'fail' });
      await expect(scraped).rejects.toThrow(`status ${status}`);
      expect(context.leads).toHaveLength(100);
      expect(closed.requests).toHaveLength(3);
      const again = contextFor([closed], [portalOf('socrata', closed)], { cursor: context.checkpoints.at(-1)?.cursor });
      await new PermitsScraper().execute('Georgia', { context: again });
      expect([...numbersOf(context), ...numbersOf(again)].sort()).toEqual(allNumbers(230));
    },
  );

  it('refuses an unknown place and unknown params by name', async () => {
    const context = contextFor([], [], { params: { colour: 'red' } });
    await expect(new PermitsScraper().execute('Georgia', { context })).rejects.toThrow('colour');
    const nowhere = contextFor([], []);
    await expect(new PermitsScraper().execute('Atlantis', { context: nowhere })).rejects.toThrow(
      'No permit portal is known',
    );
  });
});
