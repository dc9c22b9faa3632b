import type { Portal } from './portal.ts';
import { findStateCode, stateName } from './us-states.ts';

/** Portals for a place; `state` where the text settles it. Otherwise `known` says what would have worked. */
export type LocationResolution =
  | { unknown: false; portals: Portal[]; state: string | null }
  | { unknown: true; known: string };

const NEAR_PLACES_MAX = 5;

/**
 * Which portals serve a place. A state gives all of it, a county its own and those of its cities, a city its own and its
 * county's (which county is read from the portals themselves). A name that several states have gives all of them
 * unless the state is named too. A place that is also a state ("New York") means the state.
 */
export function resolveLocation(text: string, portals: readonly Portal[]): LocationResolution {
  const words = text.trim().replace(/\s+/g, ' ');
  const wholeState = findStateCode(words);
  if (wholeState !== null) {
    const found = portals.filter((portal) => portal.state === wholeState);
    return found.length > 0 ? { unknown: false, portals: found, state: wholeState } : unknownPlace(words, portals);
  }
  const { place, state } = splitPlace(words);
  const candidates = state === null ? portals : portals.filter((portal) => portal.state === state);
  const found = place === '' ? [] : portalsOf(place, candidates);
  if (found.length === 0) return unknownPlace(words, portals);
  return { unknown: false, portals: found, state };
}

/** "Savannah, GA" and "Savannah GA" → Savannah and GA. */
function splitPlace(words: string): { place: string; state: string | null } {
  const withoutCountry = words.replace(/(?:,| |, )?(?:USA|US|United States)$/i, '');
  const parts = withoutCountry.split(',').map((part) => part.trim());
  const last = parts.at(-1) ?? '';
  const state = parts.length > 1 ? findStateCode(last.replace(/ \d{5}(?:-\d{4})?$/, '')) : null;
  if (state !== null) return { place: parts.slice(0, -1).join(', '), state };
  return splitTrailingState(withoutCountry);
}

function splitTrailingState(words: string): { place: string; state: string | null } {
  const tokens = words.split(' ');
  for (const count of [1, 2, 3]) {
    if (tokens.length <= count) break;
    const state = findStateCode(tokens.slice(-count).join(' '));
    if (state !== null) return { place: tokens.slice(0, -count).join(' ').replace(/,$/, ''), state };
  }
  return { place: words, state: null };
}

function portalsOf(place: string, candidates: readonly Portal[]): Portal[] {
  const county = countyKey(place);
  if (isCountyName(place)) return candidates.filter((portal) => portal.county && countyKey(portal.county) === county);
  const city = placeKey(place);
  const own = candidates.filter((portal) => portal.city && placeKey(portal.city) === city);
  if (own.length === 0) return candidates.filter((portal) => portal.county && countyKey(portal.county) === county);
  const counties = new Set(
    own.flatMap((portal) => (portal.county ? [`${portal.state}/${countyKey(portal.county)}`] : [])),
  );
  const ofCounty = (portal: Portal): boolean =>
    portal.city === null && portal.county !== null && counties.has(`${portal.state}/${countyKey(portal.county)}`);
  return candidates.filter((portal) => own.includes(portal) || ofCounty(portal));
}

const COUNTY_WORD = / (?:county|parish|borough|co\.?)$/i;
const isCountyName = (place: string): boolean => COUNTY_WORD.test(place);

/** Case, accents, dots and the words "City of", "St." do not tell places apart. */
function placeKey(place: string): string {
  return place
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/^(?:the )?city of /, '')
    .replace(/\bsaint\b/g, 'st')
    .replace(/[^a-z0-9]+/g, '');
}

const countyKey = (county: string): string => placeKey(county.replace(COUNTY_WORD, ''));

function unknownPlace(words: string, portals: readonly Portal[]): LocationResolution {
  if (portals.length === 0) return { unknown: true, known: 'No permit portal is set up or enabled; add one first.' };
  const states = [...new Set(portals.map((portal) => portal.state))].map(stateName).sort();
  const near = nearPlaces(words, portals);
  const hint = near.length > 0 ? `Did you mean ${near.map((place) => `"${place}"`).join(' or ')}? ` : '';
  return {
    unknown: true,
    known: `${hint}Known states: ${states.join(', ')}, and their counties and cities with a portal.`,
  };
}

function nearPlaces(words: string, portals: readonly Portal[]): string[] {
  const { place, state } = splitPlace(words);
  const wanted = placeKey(place.replace(COUNTY_WORD, ''));
  const names = new Map<string, string>();
  for (const portal of portals) {
    if (portal.city) names.set(`${portal.city}, ${portal.state}`, placeKey(portal.city));
    if (portal.county) names.set(`${countyLabel(portal.county)}, ${portal.state}`, countyKey(portal.county));
    names.set(stateName(portal.state), placeKey(stateName(portal.state)));
  }
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  return [...names]
    .map(([name, key]) => ({ name, distance: editDistance(wanted, key) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || rankState(a.name, state) - rankState(b.name, state))
    .slice(0, NEAR_PLACES_MAX)
    .map(({ name }) => name);
}

const rankState = (name: string, state: string | null): number =>
  state !== null && name.endsWith(`, ${state}`) ? 0 : 1;
const countyLabel = (county: string): string => (isCountyName(county) ? county : `${county} County`);

/** Levenshtein distance: inserted, removed and replaced characters. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? a.length;
}
