import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConditionError, matchesLike, parseCondition } from './condition.ts';
import { type DemoRow, PUBLISHERS, type Publisher } from './publishers.ts';

const [cicada, lantern] = PUBLISHERS as [Publisher, Publisher];
const layerRow: DemoRow = {
  OBJECTID: 7,
  issuedDateTime: Date.UTC(2026, 0, 31),
  workDescription: "Pat's SOLAR roof",
  declaredValuation: 1500,
  ownerName: null,
};
const tableRow: DemoRow = { row_id: 'LS-0000007', issue_date: '2026-01-31T00:00:00.000', estimated_cost: '1500' };

describe('parseCondition', () => {
  it.each([
    ['', true],
    ['1=1', true],
    ['1 = 0', false],
    ['OBJECTID > 6', true],
    ['OBJECTID>7', false],
    ['OBJECTID <> 7', false],
    ['OBJECTID in (1, 7)', true],
    ['OBJECTID NOT IN (1, 7)', false],
    ['OBJECTID BETWEEN 7 AND 9', true],
    ["issuedDateTime >= DATE '2026-01-31'", true],
    ["issuedDateTime > DATE '2026-01-31'", false],
    ["issuedDateTime < timestamp '2026-01-31 00:00:01'", true],
    ["workDescription LIKE '%SOLAR%'", true],
    ["upper(workDescription) LIKE 'PAT''S%ROOF'", true],
    ["workDescription like '%solar%'", false],
    ["workDescription = 'Pat''s SOLAR roof'", true],
    ['ownerName IS NULL', true],
    ['ownerName IS NOT NULL', false],
    ["ownerName <> 'x'", false],
    ['NOT (OBJECTID = 7) OR ownerName IS NULL AND 1=1', true],
    ['(OBJECTID = 1 OR OBJECTID = 7) AND declaredValuation >= 1500', true],
    ['"OBJECTID" = 7', true],
  ])('an ArcGIS layer answers %j with %j', (where, expected) => {
    expect(parseCondition(cicada, where)(layerRow)).toBe(expected);
  });

  it.each([
    ["issue_date >= '2026-01-31T00:00:00'", true],
    ["issue_date > '2026-01-31T00:00:00.000'", false],
    ["issue_date between '2026-01-01' and '2026-02-01'", true],
    [":id > 'LS-0000006'", true],
    [":id > 'LS-0000007'", false],
    ['estimated_cost > 1000', true],
    ["`row_id` = 'LS-0000007'", true],
  ])('a Socrata table answers %j with %j', (where, expected) => {
    expect(parseCondition(lantern, where)(tableRow)).toBe(expected);
  });

  it.each([
    'nonsense',
    'nonsense = 1',
    'OBJECTID',
    'OBJECTID =',
    'OBJECTID = 7 7',
    'OBJECTID = 7 AND',
    '(OBJECTID = 7',
    'OBJECTID NOT = 7',
    'OBJECTID IS 7',
    "issuedDateTime > DATE 'yesterday'",
    "workDescription = 'open",
    '1=1; DROP TABLE permits',
    '__proto__ = 1',
    '('.repeat(100),
    `OBJECTID = ${'1'.repeat(20_000)}`,
  ])('refuses %j', (where) => {
    expect(() => parseCondition(cicada, where)).toThrow(ConditionError);
  });

  it('throws nothing but its own error, whatever is asked', () => {
    const part = fc.constantFrom(
      'OBJECTID',
      '=',
      '(',
      ')',
      "'x'",
      '7',
      'AND',
      'NOT',
      'LIKE',
      'IN',
      ',',
      'IS',
      'NULL',
      'DATE',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          parseCondition(cicada, parts.join(' '))(layerRow);
        } catch (error) {
          expect(error).toBeInstanceOf(ConditionError);
        }
      }),
    );
  });
});

describe('matchesLike', () => {
  it('agrees with a regular expression', () => {
    const text = fc.stringMatching(/^[ab]{0,12}$/);
    const pattern = fc.stringMatching(/^[ab%_]{0,8}$/);
    fc.assert(
      fc.property(text, pattern, (one, like) => {
        const regex = new RegExp(`^${like.replaceAll('%', '.*').replaceAll('_', '.')}$`);
        expect(matchesLike(one, like)).toBe(regex.test(one));
      }),
    );
  });
});
