import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import { addSuppressions } from '#lib/leads/suppression.ts';
import { countBlocks } from '#test/explained-blocks.ts';
import { createTestServerContext, type TestServerContext } from '#test/server-context.ts';
import { exportLeads, parseExportFormat } from './export-leads.ts';
import { getLead } from './get-lead.ts';
import type { LeadFilter } from './lead-filter.ts';
import { listLeads } from './list-leads.ts';

const BATCH = randomUUID();
const BULK_PART = 5_000;
let server: TestServerContext;

const lead = (row: number, patch: Partial<NormalizedLead> = {}): NormalizedLead => ({
  leadKey: createHash('sha256').update(`${row}`).digest(),
  source: 'permits',
  portal: 'ga-sample',
  sourceRowId: `row-${row}`,
  sourceUrl: 'https://data.example.com/row',
  role: 'owner',
  name: `Person ${row}`,
  company: null,
  email: null,
  phone: null,
  phoneExtension: null,
  request: 'Re-roof after hail',
  address: `${row} Sample Street`,
  city: 'Savannah',
  state: 'GA',
  zip: '31401',
  value: 12_500.5,
  signal: 're-roof',
  demo: false,
  provenance: {
    name: {
      sourceUrl: 'https://data.example.com/row',
      sourceRowId: `row-${row}`,
      rule: 'owner',
      fetchedAt: '2026-01-01T00:00:00Z',
    },
  },
  ...patch,
});

const LEADS = [
  ...Array.from({ length: 30 }, (_, row) => lead(row)),
  lead(100, {
    name: 'Jane Sample',
    email: 'jane@example.com',
    phone: '+14045550123',
    signal: 'solar',
    role: 'contractor',
    city: 'Atlanta',
  }),
  lead(101, { name: 'J. Sample', phone: '+14045550123', demo: true, portal: 'demo-sample' }),
  lead(102, { name: '=HYPERLINK("http://evil.example.com")', company: '+1+cmd', request: 'two\nlines, "quoted"' }),
  lead(103, { name: 'Gone Person', email: 'gone@example.org' }),
];

const save = (leads: NormalizedLead[], sessionId: number) =>
  server.context.db.transaction((tx) => saveLeads(tx, leads, { sessionId, batchId: BATCH, location: 'Savannah, GA' }));
const list = (filter: LeadFilter, page = { limit: 200, after: null as number | null }) =>
  listLeads(server.context.db, filter, page);
const names = async (filter: LeadFilter) => (await list(filter)).items.map((item) => item.name).sort();

/** In parts, each of which is done long before the limit of a statement. */
async function makeBulk(first: number, last: number): Promise<void> {
  for (let from = first; from <= last; from += BULK_PART) {
    await server.context.db.query(
      `insert into leads (lead_key, session_id, batch_id, source, portal, location, role, source_row_id, provenance, request)
       select sha256(('bulk ' || n)::bytea), 9, $1, 'permits', 'ga-bulk', 'Georgia', 'owner', n, '{}', repeat('x', 500)
       from generate_series($2::int, $3) n`,
      [BATCH, from, Math.min(last, from + BULK_PART - 1)],
    );
  }
}

beforeAll(async () => {
  server = await createTestServerContext();
  await save(LEADS, 1);
  await save(LEADS.slice(0, 3), 2);
});
afterAll(() => server.close());

describe('listLeads', () => {
  it('pages through everything once, newest first', async () => {
    const seen: number[] = [];
    let after: number | null = null;
    do {
      const page = await list({}, { limit: 7, after });
      seen.push(...page.items.map((item) => item.id));
      after = page.nextCursor === null ? null : JSON.parse(Buffer.from(page.nextCursor, 'base64url').toString()).after;
    } while (after !== null);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
    expect(seen).toHaveLength(LEADS.length);
  });

  it('gives the documented fields, times as ISO 8601', async () => {
    const [item] = (await list({ text: 'jane' })).items;
    expect(item).toMatchObject({
      portal: 'ga-sample',
      sessionId: 1,
      batchId: BATCH,
      location: 'Savannah, GA',
      value: 12_500.5,
      seenCount: 1,
    });
    expect(item?.firstSeenAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(item?.provenance).toHaveProperty('name.rule', 'owner');
  });

  it('filters by the session that saw a lead, not only by the one that found it first', async () => {
    expect((await list({ sessionId: 2 })).items.map((item) => item.sessionId)).toEqual([1, 1, 1]);
  });

  it.each<[string, LeadFilter, number]>([
    ['signal', { signal: ['solar'] }, 1],
    ['role in any case', { role: 'CONTRACTOR' }, 1],
    ['phone', { hasPhone: true }, 2],
    ['no e-mail', { hasEmail: false }, 32],
    ['city in any case', { city: 'atlanta' }, 1],
    ['demo', { demo: true }, 1],
    ['portal', { portal: 'demo-sample' }, 1],
    ['part of the location', { location: 'savannah' }, 34],
    ['another batch', { batchId: randomUUID() }, 0],
  ])('filters by %s', async (_name, filter, count) => {
    expect((await list(filter)).items).toHaveLength(count);
  });

  it.each([
    ['jan', ['Jane Sample']],
    ['SAMPLE jane', ['Jane Sample']],
    ['jane@exam', ['Jane Sample']],
    ['4045550123', ['J. Sample', 'Jane Sample']],
    ['(404) 555-0123', ['J. Sample', 'Jane Sample']],
    ['+14045550123', ['J. Sample', 'Jane Sample']],
    ["jane' | !x & (y)", []],
    ['***', []],
    ["'", []],
    ['\\', []],
  ])('finds by the text %j', async (text, expected) => {
    expect(await names({ text })).toEqual(expected);
  });

  it('hides people who asked not to be contacted after they were saved, in lists, details and exports', async () => {
    const [gone] = (await list({ text: 'gone' })).items;
    await addSuppressions(server.context.db, [{ kind: 'domain', value: 'example.org' }]);
    expect(await names({ text: 'gone' })).toEqual([]);
    await expect(getLead(server.context.db, gone?.id ?? 0)).rejects.toMatchObject({ code: 'not_found' });
    const text = await (await exportLeads(server.context.db, { text: 'gone' }, 'ndjson', new Date())).text();
    expect(text).toBe('');
  });
});

describe('getLead', () => {
  it('links the same person by phone', async () => {
    const [jane] = (await list({ text: 'jane' })).items;
    expect((await getLead(server.context.db, jane?.id ?? 0)).linked.map((item) => item.name)).toEqual(['J. Sample']);
  });
});

describe('exportLeads', () => {
  it('writes CSV that no spreadsheet runs, with phones as they are', async () => {
    const response = await exportLeads(server.context.db, {}, 'csv', new Date('2026-03-01T00:00:00Z'));
    const text = await response.text();
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="leads-2026-03-01.csv"');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).toContain(`"'=HYPERLINK(""http://evil.example.com"")"`);
    expect(text).toContain(`'+1+cmd`);
    expect(text).toContain(',+14045550123,');
    expect(text).toContain('"two\nlines, ""quoted"""');
    expect(text.match(/\r\n/g)).toHaveLength(LEADS.length);
  });

  it('writes many pages as NDJSON, each lead once, in little memory', async () => {
    await makeBulk(1, 30_000);
    const response = await exportLeads(server.context.db, { portal: 'ga-bulk' }, 'ndjson', new Date());
    const ids = new Set<number>();
    let rest = '';
    let largest = 0;
    for await (const chunk of response.body ?? []) {
      largest = Math.max(largest, chunk.byteLength);
      const lines = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) ids.add(JSON.parse(line).id);
    }
    expect(ids.size).toBe(30_000);
    expect(largest).toBeLessThan(200_000);
  });

  it('names the formats there are', () => {
    expect(() => parseExportFormat('parquet')).toThrow(/csv, ndjson/);
  });
});

describe('listLeads among many', () => {
  // Last in this file: the leads that the others count are the oldest now, far below the newest one.
  beforeAll(async () => {
    await makeBulk(30_001, 50_000);
    await server.context.db.query(`select setval(pg_get_serial_sequence('leads', 'id'), 10000000)`);
    await makeBulk(50_001, 50_001);
    await server.context.db.query('vacuum analyze leads');
  }, 60_000);

  it.each<[string, LeadFilter, number]>([
    ['the beginning of a rare word', { text: 'jan' }, 1],
    ['a word that is nowhere', { text: 'nowhere' }, 0],
    ['a rare state', { state: 'ga' }, 9],
    ['a state that is nowhere', { state: 'TX' }, 0],
  ])('finds %s without reading all leads', async (_what, filter, found) => {
    const counting = countBlocks(server.context.db);
    expect((await listLeads(counting, filter, { limit: 9, after: null })).items).toHaveLength(found);
    // The table has 3,500.
    expect(counting.blocks).toBeLessThan(200);
  });

  it('finds what no index has, over gaps in the ids', async () => {
    const page = await list({ city: 'atlanta' }, { limit: 1, after: null });
    expect(page).toMatchObject({ items: [{ name: 'Jane Sample' }], nextCursor: null });
    expect(
      (await list({ portal: 'ga-bulk' }, { limit: 2, after: null })).items.map((item) => item.sourceRowId),
    ).toEqual(['50001', '50000']);
  });
});
