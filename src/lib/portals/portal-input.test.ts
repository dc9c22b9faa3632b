import { describe, expect, it } from 'vitest';
import { portalInputSchema, toPortal } from './portal-input.ts';
import { parsePortalsFile } from './read-portals-file.ts';

const INPUT = {
  source: 'permits',
  kind: 'arcgis',
  name: 'Example County: permits',
  state: 'georgia',
  county: 'Example County',
  url: 'https://gis.example.gov/arcgis/rest/services/Permits/FeatureServer/0/query?where=1=1',
  fields: {
    id: ['NUMBER', 'ADDR'],
    date: 'ISSUED',
    description: 'WORK',
    address: ['NO', 'STREET'],
    contacts: [{ role: { field: 'KIND' }, name: 'WHO', phone: 'TEL' }],
  },
  signal: 'Re_Roof',
  rateLimit: 1000,
};

const problems = (input: unknown): string[] =>
  portalInputSchema.safeParse(input).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];

describe('a portal as people write it', () => {
  it('is stored with the state as a code, the signal as the known word, and the bare layer address', () => {
    expect(toPortal(portalInputSchema.parse(INPUT), 'api')).toMatchObject({
      id: 'ga-example-county-permits',
      state: 'GA',
      signal: 're-roof',
      url: 'https://gis.example.gov/arcgis/rest/services/Permits/FeatureServer/0',
      rateLimitMs: 1000,
      city: null,
      origin: 'api',
    });
  });

  it.each([
    [{ ...INPUT, kind: 'carto' }, 'kind: must be one of'],
    [{ ...INPUT, source: 'reddit' }, 'source: must be "permits"'],
    [{ ...INPUT, state: 'Gorgia' }, 'state: "Gorgia" is not a US state'],
    [{ ...INPUT, url: 'ftp://example.gov/0' }, 'url: must be http or https'],
    [{ ...INPUT, url: 'not a url' }, 'url: "not a url" is not an absolute URL'],
    [{ ...INPUT, url: 'https://gis.example.gov/rest/services/P/FeatureServer' }, 'url: names the service'],
    [
      { ...INPUT, kind: 'ckan', url: 'https://example.gov/api/3/action/datastore_search' },
      'url: must carry the resource',
    ],
    [{ ...INPUT, signal: 'gold' }, 'signal: "gold" is not a signal'],
    [{ ...INPUT, rateLimit: -1 }, 'rateLimit: must not be negative'],
    [{ ...INPUT, colour: 'red' }, 'Unrecognized key'],
    [{ ...INPUT, fields: { ...INPUT.fields, date: undefined } }, 'fields.date: must be a text'],
    [
      { ...INPUT, fields: { ...INPUT.fields, contacts: [{ role: 'mayor', name: 'X' }] } },
      'fields.contacts.0.role: must be',
    ],
    [
      { ...INPUT, fields: { ...INPUT.fields, contacts: [{ role: 'owner' }] } },
      'fields.contacts.0: must map at least one',
    ],
  ])('is refused with the name of the wrong field (%#)', (input, message) => {
    expect(problems(input).join('\n')).toContain(message);
  });

  it('keeps only the resource of a CKAN address and adds .json to a SODA one', () => {
    const ckan = {
      ...INPUT,
      kind: 'ckan',
      url: 'https://example.gov/api/3/action/datastore_search?limit=5&resource_id=a-b',
    };
    expect(portalInputSchema.parse(ckan).url).toBe('https://example.gov/api/3/action/datastore_search?resource_id=a-b');
    const soda = { ...INPUT, kind: 'socrata', url: 'https://example.gov/resource/abcd-1234?$limit=5' };
    expect(portalInputSchema.parse(soda).url).toBe('https://example.gov/resource/abcd-1234.json');
  });
});

describe('a file of portals', () => {
  it('is read as a JSON array', () => {
    expect(parsePortalsFile(JSON.stringify([INPUT]), 'p.json')).toMatchObject([{ origin: 'file' }]);
  });

  it.each([
    ['{', 'is not JSON'],
    ['{}', 'must hold a JSON array'],
    [JSON.stringify([{ ...INPUT, name: '' }]), '[0].name: must not be empty'],
    [JSON.stringify([INPUT, INPUT]), 'has two portals named'],
  ])('is refused with file, entry and field: %s', (content, message) => {
    expect(() => parsePortalsFile(content, 'p.json')).toThrow(message);
  });
});
