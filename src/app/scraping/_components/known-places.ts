import type { ApiPortal } from '#lib/api/source.ts';
import { stateName } from '#lib/portals/us-states.ts';

/** What can be typed as a location, states first: "Georgia", "DeKalb County, GA", "Savannah, GA". */
export function knownPlaces(portals: readonly Pick<ApiPortal, 'state' | 'county' | 'city' | 'enabled'>[]): string[] {
  const states = new Set<string>();
  const parts = new Set<string>();
  for (const { state, county, city, enabled } of portals) {
    if (!enabled) continue;
    states.add(stateName(state));
    if (county !== null) parts.add(`${/county|parish|borough/i.test(county) ? county : `${county} County`}, ${state}`);
    if (city !== null) parts.add(`${city}, ${state}`);
  }
  return [...sorted(states), ...sorted(parts)];
}

const sorted = (words: Set<string>) => [...words].sort((a, b) => a.localeCompare(b, 'en-US'));

/** Places that contain what was typed, those that begin with it first. */
export function matchPlaces(places: readonly string[], typed: string): string[] {
  const text = typed.trim().toLowerCase();
  const matching = places.filter((place) => place.toLowerCase().includes(text));
  const begins = (place: string) => place.toLowerCase().startsWith(text);
  return [...matching.filter(begins), ...matching.filter((place) => !begins(place))];
}
