/** Zero-width characters, soft hyphens, byte order marks and control characters: invisible, and they break comparisons. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is what this is for.
const INVISIBLE = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b-\u200f\u2060\ufeff]/g;

/** One line without invisible characters: every run of white space, no-break spaces included, becomes one space. */
export function cleanText(text: string): string {
  return text.normalize('NFC').replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
}
