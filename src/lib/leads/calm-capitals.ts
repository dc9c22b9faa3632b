/** Abbreviations that stay in capitals. */
const KEPT = new Set('LLC LLP LP PLLC PC PA USA US II III IV VI VII PV HVAC DBA NE NW SE SW PO EV'.split(' '));
/** Words without a vowel are taken for initials ("DRB Homes"), but these are not. */
const NO_INITIALS = new Set('ST RD DR LN CT SQ PL MT FT PKWY BLVD HWY CTR MR MRS MS JR SR CH'.split(' '));
const ORDINALS = new Set(['ST', 'ND', 'RD', 'TH']);

const LETTERS = /\p{L}[\p{L}\p{M}]*/gu;

/**
 * "PAT O'EXAMPLE ROOFING LLC" → "Pat O'Example Roofing LLC". Text with any small letter, or without two capitals in a row,
 * is left as its owner wrote it.
 */
export function calmCapitals(text: string): string {
  if (/\p{Ll}/u.test(text) || !/\p{Lu}{2}/u.test(text)) return text;
  return text.replace(LETTERS, (word, at: number) => calmWord(word, text[at - 1] ?? '', text[at + word.length] ?? ''));
}

function calmWord(word: string, before: string, after: string): string {
  if (/\d/.test(before)) return ORDINALS.has(word) ? word.toLowerCase() : word;
  if (/['\u2019]/.test(before)) return word.length <= 2 ? word.toLowerCase() : capitalise(word);
  if (KEPT.has(word) || isInitials(word, before, after)) return word;
  return word.length > 4 && word.startsWith('MC') ? `Mc${capitalise(word.slice(2))}` : capitalise(word);
}

function isInitials(word: string, before: string, after: string): boolean {
  if ((before === '&' || after === '&') && word.length <= 3) return true;
  return word.length <= 4 && /^[B-DF-HJ-NP-TV-XZ]+$/.test(word) && !NO_INITIALS.has(word);
}

function capitalise(word: string): string {
  const [first = '', ...rest] = word;
  return first + rest.join('').toLowerCase();
}
