/** Zero-width and direction characters: they hide inside words, or turn lines around. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the purpose
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
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
    .replace(INVISIBLE, '')
    .replace(CONTROLS, ' ')
    .replace(SPACES, ' ')
    .trim();
  const kept = line.length > maxChars ? `${cutWhole(line, maxChars - 1).trimEnd()}…` : line;
  return kept === '' ? null : kept;
}

/** Cuts without leaving half of a character that takes two code units. */
function cutWhole(text: string, chars: number): string {
  const cut = text.slice(0, chars);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
