import { describe, expect, it } from 'vitest';
import { definePortal } from '#lib/portals/builtin/define-portal.ts';
import type { PortalContact } from '#lib/portals/portal.ts';
import { isCompanyName, parseName, splitFirmAndPerson } from './contact-values.ts';
import { contactKey, readContacts } from './contacts.ts';

function portalWith(contacts: PortalContact[]) {
  return definePortal('socrata', {
    name: 'Example',
    state: 'TN',
    city: 'Nashville',
    url: 'https://data.nashville.gov/resource/abcd-1234.json',
    fields: { id: 'no', date: 'date', description: 'work', address: 'addr', contacts },
  });
}

const OWNER: PortalContact = { role: 'owner', name: 'owner', phone: 'phone', email: 'mail' };
const APPLICANT: PortalContact = { role: 'applicant', name: 'applicant', company: 'firm' };

function contactsOf(row: Record<string, unknown>, contacts: PortalContact[] = [OWNER, APPLICANT]) {
  const work = typeof row.work === 'string' ? { text: row.work, rule: 'work' } : null;
  return readContacts(row, portalWith(contacts), work).map(({ role, fields }) => ({
    role,
    ...Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, value.text])),
  }));
}

describe('names', () => {
  it.each([
    'OWNER',
    'Self',
    'TENANT',
    'owner/builder',
    'N/A',
    '-',
    '',
    '{0F8FAD5B-D9CB-469F-A165-70867728950E}',
    '12345',
    'TO BE BID'.replace('BID', 'BID'),
  ])('"%s" is none', (text) => expect(parseName(text)).toBeNull());

  it('tells firms from persons', () => {
    expect(isCompanyName('SUNNY ROOFS, LLC')).toBe(true);
    expect(isCompanyName('Example Construction Co.')).toBe(true);
    expect(isCompanyName('Pat Example')).toBe(false);
    expect(splitFirmAndPerson('SUNNY ROOFS, LLC - Pat Example')).toEqual({
      company: 'SUNNY ROOFS, LLC',
      person: 'Pat Example',
    });
    expect(splitFirmAndPerson('Pat Example (Sunny Roofs Inc)')).toEqual({
      company: 'Sunny Roofs Inc',
      person: 'Pat Example',
    });
    expect(splitFirmAndPerson('Pat Example')).toBeNull();
  });
});

describe('the contacts of a row', () => {
  it('are read from the columns, firms as companies', () => {
    expect(contactsOf({ owner: 'Pat Example', phone: '4045550123', applicant: 'Sunny Roofs LLC' })).toEqual([
      { role: 'owner', name: 'Pat Example', phone: '+14045550123' },
      { role: 'applicant', company: 'Sunny Roofs LLC' },
    ]);
  });

  it('are one where owner and applicant are the same', () => {
    expect(
      contactsOf({ owner: 'Pat Example', mail: 'PAT@example.com', applicant: 'PAT EXAMPLE', firm: 'Sunny' }),
    ).toEqual([{ role: 'owner', name: 'Pat Example', email: 'pat@example.com', company: 'Sunny' }]);
  });

  it('leave out the permit office', () => {
    expect(contactsOf({ owner: 'OWNER', mail: 'permits@nashville.gov' })).toEqual([]);
    expect(contactsOf({ work: 'EMAIL DIRECTLY TO pat.office@nashville.gov' })).toEqual([]);
    expect(contactsOf({ work: 'Call the Codes Department at 615-555-0101 first' })).toEqual([]);
    expect(contactsOf({ mail: 'someone@nashvilletn.org' })).toEqual([]);
  });

  it('come from the description too, but never from a permit number', () => {
    expect(contactsOf({ work: 'Re-roof. Contact pat@example.com or (404) 555-0123' })).toEqual([
      { role: 'contact', email: 'pat@example.com', phone: '+14045550123' },
    ]);
    expect(contactsOf({ work: 'See permit 2022010097' })).toEqual([]);
  });

  it('are not doubled by the description', () => {
    expect(contactsOf({ owner: 'Pat Example', phone: '404-555-0123', work: 'Call 404-555-0123' })).toHaveLength(1);
  });

  it('have keys that tell them apart', () => {
    const [a, b] = readContacts(
      { owner: 'Pat Example', applicant: 'Sam Example' },
      portalWith([OWNER, APPLICANT]),
      null,
    );
    expect(a && contactKey(a)).toBe('name:patexample');
    expect(b && contactKey(b)).toBe('name:samexample');
  });
});
