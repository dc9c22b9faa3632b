import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import type { LeadDraft, NormalizedLead } from './lead.ts';
import { findLinkedLeadIds } from './linked-leads.ts';
import { normalizeLead } from './normalize-lead.ts';
import { saveLeads } from './save-leads.ts';
import { addSuppressions, getSuppressionKey } from './suppression.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const batchId = randomUUID();
let nextRow = 1;

function lead(draft: Partial<LeadDraft> = {}): NormalizedLead {
  const made = normalizeLead(
    {
      portal: 'test-portal',
      sourceRowId: `row-${nextRow++}`,
      sourceUrl: 'https://permits.example.com/resource/abcd-1234.json',
      role: 'owner',
      name: 'Robin Example',
      address: '12 Magnolia Ln',
      provenance: {},
      ...draft,
    },
    { source: 'permits', now: new Date() },
  );
  if ('rejected' in made) throw new Error(made.rejected);
  return made;
}

const save = (leads: NormalizedLead[], sessionId: number) =>
  database.db.transaction((tx) => saveLeads(tx, leads, { sessionId, batchId, location: 'Georgia' }));

const seenCountOf = async (saved: NormalizedLead) =>
  (
    await database.db.query<{ seen_count: number }>('select seen_count from leads where lead_key = $1', [saved.leadKey])
  )[0]?.seen_count;

describe('saveLeads', () => {
  it('counts a lead once per session, however often its page is read', async () => {
    const page = [lead(), lead()];
    expect(await save(page, 1)).toEqual({ found: 2, fresh: 2, suppressed: 0 });
    expect(await save(page, 1)).toEqual({ found: 0, fresh: 0, suppressed: 0 });
    expect(await save(page, 2)).toEqual({ found: 2, fresh: 0, suppressed: 0 });
    expect(await seenCountOf(page[0] as NormalizedLead)).toBe(2);
  });

  it('takes a page that holds the same lead twice', async () => {
    const twice = lead();
    expect(await save([twice, { ...twice }], 3)).toEqual({ found: 1, fresh: 1, suppressed: 0 });
  });

  it('fills a lead from its repetition on the same page', async () => {
    const same = { sourceRowId: 'twice', contactKey: 'owner' };
    const bare = lead({ ...same, name: 'Kim Example' });
    await save([bare, lead({ ...same, name: 'Other', phone: '404-555-0170 x7' })], 3);
    const rows = await database.db.query('select name, phone, phone_extension from leads where lead_key = $1', [
      bare.leadKey,
    ]);
    expect(rows).toEqual([{ name: 'Kim Example', phone: '+14045550170', phone_extension: '7' }]);
  });

  it('never puts the extension of one phone behind another', async () => {
    const same = { sourceRowId: 'extension', contactKey: 'owner' };
    const first = lead({ ...same, phone: '404-555-0171' });
    await save([first], 3);
    await save([lead({ ...same, phone: '404-555-0172 x9' })], 4);
    const rows = await database.db.query('select phone, phone_extension from leads where lead_key = $1', [
      first.leadKey,
    ]);
    expect(rows).toEqual([{ phone: '+14045550171', phone_extension: null }]);
  });

  it('fills what was empty and never empties what was filled', async () => {
    const bare = lead({ sourceRowId: 'filled-later', contactKey: 'owner', name: null });
    await save([bare], 4);
    await save([lead({ sourceRowId: 'filled-later', contactKey: 'owner', name: 'Kim Example', zip: '30303' })], 5);
    await save([bare], 6);
    const rows = await database.db.query('select name, zip, seen_count from leads where lead_key = $1', [bare.leadKey]);
    expect(rows).toEqual([{ name: 'Kim Example', zip: '30303', seen_count: 3 }]);
  });

  it('drops whoever asked not to be contacted, by e-mail, domain, phone or address', async () => {
    await addSuppressions(database.db, [
      { kind: 'email', value: 'No.More@example.com' },
      { kind: 'domain', value: 'example.org' },
      { kind: 'phone', value: '404.555.0123' },
      { kind: 'address', value: '7 Quiet Street, Savannah, GA' },
      { kind: 'address', value: '8 Quiet St. Savannah GA 31401' },
    ]);
    const page = [
      lead({ email: 'no.more@example.com' }),
      lead({ email: 'anybody@example.org' }),
      lead({ email: 'anybody@mail.example.org' }),
      lead({ phone: '(404) 555-0123' }),
      lead({ address: '7 QUIET ST', city: 'SAVANNAH', state: 'GA' }),
      lead({ address: '8 Quiet St', city: 'Savannah', state: 'GA', zip: '31401-1234' }),
      lead({ address: '7 Quiet St', city: 'Macon', state: 'GA' }),
      lead({ email: 'fine@example.com', phone: '404-555-0124' }),
    ];
    expect(await save(page, 7)).toEqual({ found: 2, fresh: 2, suppressed: 6 });
  });

  it('agrees on one suppression key when many ask first at once', async () => {
    await database.db.query(`delete from app_settings where key = 'suppression_key'`);
    const keys = await Promise.all(Array.from({ length: 8 }, () => getSuppressionKey(database.db)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
  });

  it('survives many transactions that save the same leads in different orders at once', async () => {
    const page = Array.from({ length: 40 }, () => lead());
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => save(index % 2 ? page : [...page].reverse(), 100 + index)),
    );
    expect(results.reduce((sum, result) => sum + result.fresh, 0)).toBe(40);
    expect(results.every((result) => result.found === 40)).toBe(true);
    expect(await seenCountOf(page[0] as NormalizedLead)).toBe(8);
  });

  it('links the same person elsewhere by phone or e-mail', async () => {
    const [first, byPhone, byEmail] = [
      lead({ phone: '404-555-0150', email: 'sam@example.com' }),
      lead({ phone: '4045550150' }),
      lead({ email: 'SAM@example.com' }),
    ];
    await save([first, byPhone, byEmail, lead({ phone: '404-555-0151' })], 8);
    const ids = await Promise.all(
      [first, byPhone, byEmail].map(
        async (saved) =>
          (await database.db.query<{ id: number }>('select id from leads where lead_key = $1', [saved.leadKey]))[0]?.id,
      ),
    );
    expect((await findLinkedLeadIds(database.db, ids[0] ?? 0)).sort()).toEqual(ids.slice(1).sort());
  });
});
