/** Zero-width characters, soft hyphens and direction marks: put inside addresses to hide them, or left by editors. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const DOTS = /[\u2024\u3002\uff61\ufe52]/g;
const AT_SIGNS = /\ufe6b/g;
const HYPHENS = /[\u2010-\u2015\u2212\ufe58\ufe63]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the purpose
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
const SPACES = /\s+/g;

/**
 * Writes look-alike characters as plain ASCII: full-width forms, the dots that IDNA treats as "." (RFC 3490 section 3.1),
 * typographic hyphens; drops invisible characters; shortens white space to one "\n" or one " ".
 */
export function toPlainCharacters(text: string): string {
  return text
    .replace(INVISIBLE, '')
    .replace(FULL_WIDTH, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0))
    .replace(DOTS, '.')
    .replace(AT_SIGNS, '@')
    .replace(HYPHENS, '-')
    .replace(CONTROLS, ' ')
    .replace(SPACES, (run) => (run.includes('\n') ? '\n' : ' '));
}
