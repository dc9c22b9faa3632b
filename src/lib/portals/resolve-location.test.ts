import { describe, expect, it } from 'vitest';
import { BUILTIN_PORTALS } from './builtin-portals.ts';
import type { Portal } from './portal.ts';
import { resolveLocation } from './resolve-location.ts';

const [template] = BUILTIN_PORTALS;
function portal(name: string, state: string, county: string | null, city: string | null): Portal {
  if (template === undefined) throw new Error('no builtin portal');
  return { ...template, id: name, name, state, county, city };
}

const PORTALS = [
  portal('dekalb', 'GA', 'DeKalb County', null),
  portal('chatham', 'GA', 'Chatham County', null),
  portal('savannah', 'GA', 'Chatham County', 'Savannah'),
  portal('pooler', 'GA', 'Chatham County', 'Pooler'),
  portal('savannah-tn', 'TN', 'Hardin County', 'Savannah'),
  portal('dekalb-il', 'IL', 'DeKalb', null),
  portal('nyc', 'NY', null, 'New York'),
];

function names(text: string): string[] {
  const found = resolveLocation(text, PORTALS);
  return found.unknown ? [found.known] : found.portals.map((one) => one.name);
}

describe('a place resolves to the portals that serve it', () => {
  it.each([
    ['Georgia', ['dekalb', 'chatham', 'savannah', 'pooler']],
    ['georgia ', ['dekalb', 'chatham', 'savannah', 'pooler']],
    ['GA', ['dekalb', 'chatham', 'savannah', 'pooler']],
    ['Savannah, GA', ['chatham', 'savannah']],
    ['savannah ga', ['chatham', 'savannah']],
    ['Savannah, Georgia', ['chatham', 'savannah']],
    ['Savannah, GA 31401, USA', ['chatham', 'savannah']],
    ['City of Savannah, GA', ['chatham', 'savannah']],
    ['Savannah', ['chatham', 'savannah', 'savannah-tn']],
    ['DeKalb County', ['dekalb', 'dekalb-il']],
    ['DeKalb County, GA', ['dekalb']],
    ['dekalb, GA', ['dekalb']],
    ['Chatham County, GA', ['chatham', 'savannah', 'pooler']],
    ['New York', ['nyc']],
    ['New York, NY', ['nyc']],
  ])('%s', (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  it('says what is known for an unknown place, with near spellings first', () => {
    expect(names('Savanah, GA')[0]).toContain('Did you mean "Savannah, GA"');
    expect(names('Gorgia')[0]).toContain('"Georgia"');
    expect(names('Atlantis')[0]).toContain('Known states: Georgia, Illinois, New York, Tennessee');
    expect(names('Texas')[0]).toContain('Known states');
    expect(names('')[0]).toContain('Known states');
  });

  it('says that there is no portal at all', () => {
    expect(resolveLocation('Georgia', [])).toMatchObject({
      unknown: true,
      known: expect.stringContaining('No permit portal'),
    });
  });
});
