import { describe, expect, it } from 'vitest';
import { definePortal } from '#lib/portals/builtin/define-portal.ts';
import { mapRow, parseAmount, parsePermitDate, readRole } from './row-mapping.ts';

describe('dates of permits', () => {
  it.each([
    ['2026-01-31', '2026-01-31'],
    ['2026-01-31T00:00:00.000', '2026-01-31'],
    ['2026-01-31T23:30:00', '2026-01-31'],
    ['2026-01-31 08:15:00', '2026-01-31'],
    ['2026-01-31T05:00:00Z', '2026-01-31'],
    ['2026-01-31T22:00:00-05:00', '2026-02-01'],
    ['01/31/2026', '2026-01-31'],
    ['1/5/2026 12:00:00 AM', '2026-01-05'],
    ['01/31/26', '2026-01-31'],
    ['12/31/99', '1999-12-31'],
    ['20260131', '2026-01-31'],
    [20260131, '2026-01-31'],
    [1769817600000, '2026-01-31'],
    ['1769817600000', '2026-01-31'],
    [1769817600, '2026-01-31'],
  ])('%j is %s', (value, day) => {
    expect(parsePermitDate(value)?.toISOString().slice(0, 10)).toBe(day);
  });

  it.each(['', 'soon', '02/30/2026', '2026-13-01', '9999-01-01', 0, null, undefined, {}, '0'])(
    '%j is none',
    (value) => {
      expect(parsePermitDate(value)).toBeNull();
    },
  );
});

describe('amounts', () => {
  it.each([
    ['$12,500.00', 12_500],
    ['1,250,000', 1_250_000],
    ['12500', 12_500],
    [12500.5, 12_500.5],
    ['0', null],
    [0, null],
    ['-5', null],
    ['n/a', null],
    ['12 500 sq ft', null],
    [null, null],
  ])('%j is %j', (value, amount) => {
    expect(parseAmount(value)).toBe(amount);
  });
});

const PORTAL = definePortal('arcgis', {
  name: 'Example',
  state: 'GA',
  city: 'Savannah',
  url: 'https://gis.example.gov/FeatureServer/0',
  fields: { id: ['NO', 'ADDR'], date: 'DATE', description: ['TYPE', 'WORK'], address: ['NUM', 'STREET'], value: 'VAL' },
});

describe('a row', () => {
  it('has its columns joined, and city and state from the portal', () => {
    const row = {
      no: 'P-1',
      addr: 'A',
      DATE: '2026-01-31',
      TYPE: 'Roof',
      WORK: ' re  roof ',
      NUM: 12,
      STREET: 'Main St',
      VAL: '$5',
    };
    expect(mapRow(row, PORTAL)).toMatchObject({
      rowId: 'P-1|A',
      description: { text: 'Roof re roof', rule: 'TYPE + WORK' },
      address: { text: '12 Main St', rule: 'NUM + STREET' },
      city: { text: 'Savannah', rule: 'portal.city' },
      state: 'GA',
      value: { amount: 5 },
    });
  });

  it('without any id is none; with "null" and "N/A" for texts it has none', () => {
    expect(mapRow({ WORK: 'x' }, PORTAL)).toBeNull();
    expect(mapRow({ NO: 1, ADDR: 'A', TYPE: 'null', WORK: 'N/A' }, PORTAL)).toMatchObject({ description: null });
  });

  it.each([
    ['CONTRACTOR-ELECTRICAL', 'contractor'],
    ['OWNER AS GENERAL CONTRACTOR', 'contractor'],
    ['Owner', 'owner'],
    ['2', 'contractor'],
    ['EXPEDITOR', 'applicant'],
    ['ARCHITECT', 'architect'],
    ['', 'contact'],
  ])('whose role column says "%s" names a %s', (text, role) => {
    expect(readRole({ KIND: text }, { role: { field: 'KIND' } })).toBe(role);
  });
});
