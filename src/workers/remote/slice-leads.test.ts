import { expect, it } from 'vitest';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { CALL_BYTES_MAX } from './calls/index.ts';
import { sliceLeads } from './slice-leads.ts';

function lead(row: number, requestChars: number) {
  const draft = { portal: 'p', sourceRowId: String(row), sourceUrl: 'https://permits.example.com', role: 'owner' };
  const made = normalizeLead(
    { ...draft, name: 'Robin Example', request: 'x'.repeat(requestChars), provenance: {} },
    { source: 'permits', now: new Date(0) },
  );
  if ('rejected' in made) throw new Error(made.rejected);
  return made;
}

it('leaves in one piece what fits', () => {
  const leads = [lead(1, 10), lead(2, 10)];
  expect(sliceLeads(leads)).toEqual([leads]);
  expect(sliceLeads([])).toEqual([]);
});

it('parts by bytes and keeps the order', () => {
  const leads = Array.from({ length: 15_000 }, (_, row) => lead(row, 1_000));
  const slices = sliceLeads(leads);
  expect(slices.flat()).toEqual(leads);
  const sizes = slices.map((slice) => Buffer.byteLength(JSON.stringify(slice)));
  expect(Math.max(...sizes)).toBeLessThan(CALL_BYTES_MAX / 2);
  expect(slices.length).toBeLessThan(8);
});
