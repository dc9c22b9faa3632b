// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the purpose
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;
const SPACES = /\s+/g;

/**
 * One line of tidy text: no control or direction characters, no lone surrogates (PostgreSQL refuses NUL, JSON the
 * others), single spaces, at most `maxChars` characters. Null when nothing is left.
 */
export function cleanField(text: string | null | undefined, maxChars: number): string | null {
  if (text === null || text === undefined) return null;
  const line = text
    .slice(0, maxChars * 4)
    .toWellFormed()
    .replace(CONTROLS, ' ')
    .replace(SPACES, ' ')
    .trim();
  const kept =
    line.length > maxChars
      ? `${line
          .slice(0, maxChars - 1)
          .toWellFormed()
          .trimEnd()}…`
      : line;
  return kept === '' ? null : kept;
}

const SHOUTED = /^[^a-z]*[A-Z]{2}[^a-z]*$/;
/** Abbreviations that stay in capitals when a shouted name is calmed down. */
const KEPT_CAPITALS = new Set([
  'LLC',
  'LLP',
  'LP',
  'PLLC',
  'PC',
  'USA',
  'US',
  'II',
  'III',
  'IV',
  'PV',
  'HVAC',
  'DBA',
  'NE',
  'NW',
  'SE',
  'SW',
]);

/** "PAT EXAMPLE ROOFING LLC" → "Pat Example Roofing LLC"; text that is not all capitals is left as its owner wrote it. */
export function calmCapitals(text: string): string {
  if (!SHOUTED.test(text)) return text;
  return text.replace(/[A-Z][A-Z']*/g, (word) =>
    KEPT_CAPITALS.has(word) ? word : word.charAt(0) + word.slice(1).toLowerCase(),
  );
}
