import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import type { LeadDraft, NormalizedLead } from './lead.ts';
import { findLinkedLeadIds } from './linked-leads.ts';
import { normalizeLead } from './normalize-lead.ts';
import { saveLeads } from './save-leads.ts';
import { addSuppressions } from './suppression.ts';

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
      { kind: 'phone', value: '+14045550123' },
      { kind: 'address', value: '7 Quiet St, Savannah, GA' },
    ]);
    const page = [
      lead({ email: 'no.more@example.com' }),
      lead({ email: 'anybody@example.org' }),
      lead({ phone: '(404) 555-0123' }),
      lead({ address: '7 QUIET ST', city: 'SAVANNAH', state: 'GA' }),
      lead({ email: 'fine@example.com', phone: '404-555-0124' }),
    ];
    expect(await save(page, 7)).toEqual({ found: 1, fresh: 1, suppressed: 4 });
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
