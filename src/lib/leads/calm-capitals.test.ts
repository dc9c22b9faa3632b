import { describe, expect, it } from 'vitest';
import { calmCapitals } from './calm-capitals.ts';

describe('calmCapitals', () => {
  it.each([
    ['PAT EXAMPLE', 'Pat Example'],
    ["SEAN O'EXAMPLE", "Sean O'Example"],
    ["PAT'S ROOFS", "Pat's Roofs"],
    ['JOSÉ MUÑOZ', 'José Muñoz'],
    ['ANN MCEXAMPLE-SMITH', 'Ann McExample-Smith'],
    ['SUNNY ROOFS LLC', 'Sunny Roofs LLC'],
    ['DRB HOMES', 'DRB Homes'],
    ['A&T SOLAR INC', 'A&T Solar Inc'],
    ['12TH ST NE', '12th St NE'],
    ['123 PEACHTREE RD, UNIT 4B', '123 Peachtree Rd, Unit 4B'],
    ['Pat EXAMPLE', 'Pat EXAMPLE'],
    ['iSolar', 'iSolar'],
    ['X', 'X'],
    ['', ''],
  ])('writes %j as %j', (text, expected) => {
    expect(calmCapitals(text)).toBe(expected);
  });
});
