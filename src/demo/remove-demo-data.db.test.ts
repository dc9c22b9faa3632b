import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeadDraft } from '#lib/leads/lead.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { saveLeads } from '#lib/leads/save-leads.ts';
import { syncPortals } from '#lib/portals/sync-portals.ts';
import { createTestDatabase, type TestDatabase } from '#test/postgres.ts';
import { demoPortals } from './demo-portals.ts';
import { isDemoRemoved, removeDemoData, restoreDemo } from './remove-demo-data.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function saveLead(change: Partial<LeadDraft>): Promise<void> {
  const lead = normalizeLead(
    {
      portal: 'test',
      sourceRowId: '1',
      sourceUrl: 'https://example.com',
      role: 'owner',
      name: 'Pat',
      provenance: {},
      ...change,
    },
    { source: 'permits', now: new Date() },
  );
  if ('rejected' in lead) throw new Error(lead.rejected);
  await database.db.transaction((tx) =>
    saveLeads(tx, [lead], { sessionId: 1, batchId: randomUUID(), location: 'Georgia' }),
  );
}

const count = async (table: string) =>
  (await database.db.query<{ count: number }>(`select count(*)::int as count from ${table}`))[0]?.count;

describe('removeDemoData', () => {
  it('removes what the demo brought, leaves everything else, and remembers it', async () => {
    const portals = demoPortals('http://127.0.0.1:4010');
    await syncPortals(database.db, portals, 'demo');
    await saveLead({ portal: portals[0]?.id ?? '', demo: true });
    await saveLead({ sourceRowId: '2' });
    await database.db.query(
      `insert into portal_watermarks (portal_id, scope, read_until) values ($1, 'any', now()), ('real', 'any', now())`,
      [portals[0]?.id],
    );
    expect(await isDemoRemoved(database.db)).toBe(false);
    expect(await removeDemoData(database.db)).toEqual({ leads: 1, portals: portals.length });
    expect(await isDemoRemoved(database.db)).toBe(true);
    const left = await Promise.all(['leads', 'lead_sightings', 'portals', 'portal_watermarks'].map(count));
    expect(left).toEqual([1, 1, 0, 1]);
    expect(await removeDemoData(database.db)).toEqual({ leads: 0, portals: 0 });
    await restoreDemo(database.db);
    expect(await isDemoRemoved(database.db)).toBe(false);
  });
});
