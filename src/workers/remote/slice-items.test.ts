import { expect, it } from 'vitest';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { SLICE_BYTES_MAX, sliceItems } from './slice-items.ts';

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
  expect(sliceItems(leads)).toEqual([leads]);
  expect(sliceItems([])).toEqual([]);
});

it('parts by bytes and keeps the order', () => {
  const leads = Array.from({ length: 2_000 }, (_, row) => lead(row, 1_000));
  const slices = sliceItems(leads);
  expect(slices.flat()).toEqual(leads);
  const sizes = slices.map((slice) => Buffer.byteLength(JSON.stringify(slice)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(SLICE_BYTES_MAX);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(SLICE_BYTES_MAX * 0.9);
});

it('lets go alone what is larger than a part', () => {
  const large = 'x'.repeat(SLICE_BYTES_MAX);
  expect(sliceItems(['a', large, 'b', 'c'])).toEqual([['a'], [large], ['b', 'c']]);
});
