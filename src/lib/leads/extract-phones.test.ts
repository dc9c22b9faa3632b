import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMsOf } from '#test/cpu-time.ts';
import { extractPhones, parsePhone } from './extract-phones.ts';

const ATLANTA = '+14045550123';
const found = (text: string) => extractPhones(text).map((phone) => phone.e164);

describe('extractPhones', () => {
  it.each([
    '(404) 555-0123',
    '(404)555-0123',
    '(404) 555 0123',
    '404-555-0123',
    '404.555.0123',
    '404 555 0123',
    '404 555-0123',
    '404/555-0123',
    '404 - 555 - 0123',
    '404\u2013555\u20130123',
    '404\u00a0555\u00a00123',
    '+1 404 555 0123',
    '+1 (404) 555-0123',
    '+1-404-555-0123',
    '+14045550123',
    '1-404-555-0123',
    '1 (404) 555-0123',
    'phone 4045550123',
    'Phone: 4045550123',
    'phone number 4045550123',
    'TEL 14045550123',
    'tel:4045550123',
    'Cell:4045550123',
    'mobile (404)5550123',
    'Ph# 404-555-0123',
    'Ph404-555-0123',
    'C: 404-555-0123',
    'CONTACT JOHN DOE 4045550123',
    'Call 404-555-0123.',
    'CALL JOHN AT 404-555-0123 BEFORE 11/24/2026',
    'Phone/Fax: 404-555-0123',
    'Tel 404-555-0123 Fax 404-555-0199',
    '(o) 404-555-0123 (f) 404-555-0199',
    '(phone) 404-555-0123 (fax) 404-555-0199',
    '404-555-0199 (fax), 404-555-0123 (cell)',
    'Suite 21 404-555-0123',
    'ATLANTA GA 30303 404-555-0123',
    '<404-555-0123>',
    '４０４-５５５-０１２３',
    'Permit 2022010097, contact (404) 555-0123, value $1,234.00',
  ])('reads %j as a number of Atlanta', (text) => {
    expect(found(text)).toEqual([ATLANTA]);
  });

  it.each([
    ['404-555-0123 x123', '123'],
    ['404-555-0123x5', '5'],
    ['(404) 555-0123 ext. 12', '12'],
    ['(404) 555-0123 EXT 12', '12'],
    ['404-555-0123, extension 7700', '7700'],
    ['tel:+14045550123;ext=12', '12'],
    ['404-555-0123 #4', '4'],
  ])('reads the extension of %j', (text, extension) => {
    expect(extractPhones(text)).toEqual([{ e164: ATLANTA, extension }]);
  });

  it.each([
    ['+44 20 7946 0958', '+442079460958'],
    ['+49 (30) 901820', '+4930901820'],
    ['+33 1 23 45 67 89', '+33123456789'],
  ])('reads the foreign %j', (text, e164) => {
    expect(found(text)).toEqual([e164]);
  });

  it('keeps the order and drops repetitions', () => {
    expect(found('770-555-0101 or 404-555-0123/404.555.0124, again (770) 555-0101')).toEqual([
      '+17705550101',
      ATLANTA,
      '+14045550124',
    ]);
  });

  it('reads national numbers of another default country', () => {
    expect(extractPhones('Ring 020 7946 0958', { defaultCountry: 'gb' })).toEqual([{ e164: '+442079460958' }]);
    expect(extractPhones('Ring 020 7946 0958')).toEqual([]);
  });

  it.each([
    '',
    '4045550123',
    '2022010097',
    'PERMIT 2022010097',
    'Permit # 4045550123',
    'permit no. 404-555-0123',
    'Parcel: 404 555 0123',
    'License 4045550123',
    'contact permit office 4045550123',
    'contact office 2022010097',
    'call inspection line re permit 2022010097',
    'BP-2022-010097',
    'BP-404-555-0123',
    '2023-123456',
    '2023-404-555-0123',
    '404-555-0123-0001',
    '#4045550123',
    '$1,234,567.89',
    '$404.555.0123',
    '11/24/2026',
    '2026-11-24',
    '2026-11-24T10:30:00.1234567Z',
    '10:30-11:45',
    'GA 30303-1234',
    '14 012300 045',
    '18-123-04-567',
    '404-55-0123',
    '33.749012, -84.388012',
    '-84.3880123456',
    '192.168.100.123',
    '10.404.555.0123',
    '404555012340455501234',
    '0123456789',
    'EC-13001234',
    'CBC1254567',
    '123-456-7890',
    '999-555-0123',
    '404-055-0123',
    '21 404 555 0123 7',
    '550e8400-e29b-41d4-a716-446655440000',
    '404-555-0123@txt.example.com',
    'Fax: 404-555-0123',
    'FAX (404) 555-0123',
    'F: 404-555-0123',
    '404-555-0123 (fax)',
    '404-555-0123 fax',
    'Telefax: 404-555-0123',
    'Fax No.: 404-555-0123',
    '+1 234',
    '+999 123 456 789',
  ])('finds nothing in %j', (text) => {
    expect(found(text)).toEqual([]);
  });

  it.each(['1', '1-', '404-555-0123 ', 'call 4045550123 ', '((((', '+', '+1', '4 ', '&#', 'contact a', '(4'])(
    'reads a megabyte of %j in a moment',
    (part) => {
      const text = part.repeat(Math.ceil(1_000_000 / part.length));
      // What is quadratic takes minutes.
      expect(cpuMsOf(() => extractPhones(text))).toBeLessThan(15_000);
    },
  );

  it('finds every number of a list in any usual form, and never throws on noise', () => {
    const line = fc.integer({ min: 0, max: 99 }).map((last) => `01${String(last).padStart(2, '0')}`);
    const form = fc.constantFrom('(404) 555-N', '404-555-N', '404.555.N', '+1 404 555 N', '1-404-555-N');
    fc.assert(
      fc.property(line, form, fc.string({ unit: 'binary', maxLength: 80 }), (last, shape, noise) => {
        expect(found(`see ${shape.replace('N', last)} today`)).toEqual([`+1404555${last}`]);
        for (const phone of extractPhones(noise)) expect(phone.e164).toMatch(/^\+[1-9]\d{6,14}$/);
      }),
    );
  });
});

describe('parsePhone', () => {
  it.each([
    ['4045550123', { e164: ATLANTA }],
    ['1 404 555 0123', { e164: ATLANTA }],
    ['404-555-0123 ext 9', { e164: ATLANTA, extension: '9' }],
    ['404-555-0123 / 404-555-0124', { e164: ATLANTA }],
    ['(404) 555-0123 cell', { e164: ATLANTA }],
    ['0000000000', null],
    ['none', null],
    ['', null],
  ])('reads the field %j', (text, expected) => {
    expect(parsePhone(text)).toEqual(expected);
  });
});
