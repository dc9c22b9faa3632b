import { describe, expect, it } from 'vitest';
import { knownPlaces, matchPlaces } from './known-places.ts';

const portal = (state: string, county: string | null, city: string | null, enabled = true) => ({
  state,
  county,
  city,
  enabled,
});

describe('knownPlaces', () => {
  it('names states first, then counties and cities, each once and in order', () => {
    const places = knownPlaces([
      portal('TX', null, 'Austin'),
      portal('GA', 'DeKalb', null),
      portal('GA', 'DeKalb County', null),
      portal('GA', null, 'Savannah'),
      portal('LA', 'Orleans Parish', null),
    ]);
    expect(places).toEqual([
      'Georgia',
      'Louisiana',
      'Texas',
      'Austin, TX',
      'DeKalb County, GA',
      'Orleans Parish, LA',
      'Savannah, GA',
    ]);
  });

  it('leaves out what is switched off', () => {
    expect(knownPlaces([portal('GA', null, 'Savannah', false)])).toEqual([]);
  });
});

describe('matchPlaces', () => {
  it('puts places that begin with the text before those that contain it', () => {
    const places = ['Massachusetts', 'Kansas City, MO', 'San Antonio, TX', 'Savannah, GA'];
    expect(matchPlaces(places, ' SA')).toEqual(['San Antonio, TX', 'Savannah, GA', 'Massachusetts', 'Kansas City, MO']);
    expect(matchPlaces(places, '')).toEqual(places);
    expect(matchPlaces(places, 'oz')).toEqual([]);
  });
});
