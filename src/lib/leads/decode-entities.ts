/**
 * The named references that occur inside addresses and phone numbers, or between words. The full table of HTML has 2,231
 * names; the others stay as they are, which separates words just as well.
 */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
  ['commat', '@'],
  ['period', '.'],
  ['lowbar', '_'],
  ['hyphen', '-'],
  ['dash', '-'],
  ['plus', '+'],
  ['num', '#'],
  ['colon', ':'],
  ['semi', ';'],
  ['comma', ','],
  ['lpar', '('],
  ['rpar', ')'],
  ['lsqb', '['],
  ['rsqb', ']'],
  ['lcub', '{'],
  ['rcub', '}'],
  ['sol', '/'],
  ['shy', ''],
  ['zwnj', ''],
  ['zwj', ''],
  ['Tab', ' '],
  ['NewLine', '\n'],
]);

const REFERENCE = /&(?:#[xX]([0-9a-fA-F]{1,8});?|#([0-9]{1,10});?|([A-Za-z]{2,8});)/g;

/**
 * Decodes HTML character references once: `&#64;`, `&#x40;` (the semicolon may be missing, as browsers allow) and the named
 * ones above. Control characters become spaces. Linear: every part of the pattern is bounded.
 */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    REFERENCE,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return NAMED.get(name) ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) return whole;
      return code < 0x20 ? ' ' : String.fromCodePoint(code);
    },
  );
}
