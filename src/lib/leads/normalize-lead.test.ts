import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadDraft, NormalizedLead } from './lead.ts';
import { normalizeLead } from './normalize-lead.ts';

const draft: LeadDraft = {
  portal: 'test-portal',
  sourceRowId: '42',
  sourceUrl: 'https://permits.example.com/resource/abcd-1234.json',
  role: 'Owner',
  name: 'Robin Example',
  provenance: {},
};

const normalize = (change: Partial<LeadDraft>) =>
  normalizeLead({ ...draft, ...change }, { source: 'permits', now: new Date('2026-01-02T03:04:05Z') });

function kept(change: Partial<LeadDraft>): NormalizedLead {
  const lead = normalize(change);
  if ('rejected' in lead) throw new Error(lead.rejected);
  return lead;
}

describe('normalizeLead', () => {
  it.each([
    [{ name: '  PAT   EXAMPLE ' }, { name: 'Pat Example' }],
    [{ company: 'SUNNY ROOFS LLC' }, { company: 'Sunny Roofs LLC' }],
    [{ company: 'iSolar by Example' }, { company: 'iSolar by Example' }],
    [{ email: 'Robin@Example.COM ' }, { email: 'robin@example.com' }],
    [{ email: 'not an address' }, { email: null }],
    [{ phone: '4045550123' }, { phone: '+14045550123' }],
    [{ phone: '(404) 555-0123 ext. 9' }, { phone: '+14045550123', phoneExtension: '9' }],
    [{ phone: '0000000000' }, { phone: null }],
    [{ zip: '30303.0' }, { zip: '30303' }],
    [{ zip: '303031234' }, { zip: '30303-1234' }],
    [{ zip: '2139' }, { zip: '02139' }],
    [{ zip: '00000' }, { zip: null }],
    [{ state: 'ga' }, { state: 'GA' }],
    [{ state: 'Georgia' }, { state: null }],
    [{ value: -5 }, { value: null }],
    [{ value: Number.NaN }, { value: null }],
    [{ request: 'NEW\u0000ROOF\nSHINGLES' }, { request: 'NEW ROOF SHINGLES' }],
  ] as [Partial<LeadDraft>, Partial<NormalizedLead>][])('reads %j as %j', (change, expected) => {
    expect(kept(change)).toMatchObject(expected);
  });

  it('says why a row is no lead', () => {
    expect(normalize({ name: ' ' })).toEqual({ rejected: 'it names nobody and no address' });
    expect(normalize({ sourceRowId: '' })).toEqual({ rejected: 'it has no row id or no portal' });
  });

  it('keeps one identity when a publisher changes what it says about other things', () => {
    const first = kept({ request: 'Re-roof', value: 1 }).leadKey;
    expect(kept({ request: 'Re-roof and gutters', value: 2 }).leadKey).toEqual(first);
    expect(kept({ sourceRowId: '43' }).leadKey).not.toEqual(first);
    expect(kept({ name: 'Kim Example' }).leadKey).not.toEqual(first);
  });

  it('keeps the provenance of what is left, with the raw text where it was changed', () => {
    const origin = {
      sourceUrl: 'https://permits.example.com',
      sourceRowId: '42',
      rule: 'x',
      fetchedAt: '2026-01-01T00:00:00Z',
    };
    const lead = kept({
      phone: '404-555-0123',
      email: 'nonsense',
      provenance: { phone: origin, email: origin, name: origin },
    });
    expect(lead.provenance).toEqual({ phone: { ...origin, raw: '404-555-0123' }, name: origin });
  });

  it('never throws and never keeps a character that PostgreSQL refuses', () => {
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 60 }), { nil: null });
    fc.assert(
      fc.property(text, text, text, text, text, (name, company, email, phone, zip) => {
        const lead = normalize({ name, company, email, phone, zip, address: name });
        const stored = JSON.stringify(lead);
        expect(stored).not.toContain('\\u0000');
        expect(stored.isWellFormed()).toBe(true);
      }),
    );
  });
});
