import type { SuppressionKind } from '../db/schema/vocabulary.ts';
import { parsePhone } from './extract-phones.ts';

/** Street words as USPS Publication 28, appendix C1, shortens them; whoever writes them out means the same house. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['avenue', 'ave'],
  ['boulevard', 'blvd'],
  ['circle', 'cir'],
  ['court', 'ct'],
  ['drive', 'dr'],
  ['highway', 'hwy'],
  ['lane', 'ln'],
  ['parkway', 'pkwy'],
  ['place', 'pl'],
  ['road', 'rd'],
  ['square', 'sq'],
  ['street', 'st'],
  ['terrace', 'ter'],
  ['trail', 'trl'],
  ['north', 'n'],
  ['south', 's'],
  ['east', 'e'],
  ['west', 'w'],
  ['northeast', 'ne'],
  ['northwest', 'nw'],
  ['southeast', 'se'],
  ['southwest', 'sw'],
  ['apartment', 'apt'],
  ['suite', 'ste'],
]);

/** The one form under which a value is compared, however it was written. */
export function suppressionValue(kind: SuppressionKind, value: string): string {
  const text = value.trim().toLowerCase();
  switch (kind) {
    case 'email':
      return text;
    case 'domain':
      return text.replace(/^[@.]+/, '').replace(/\.$/, '');
    case 'phone':
      return parsePhone(text)?.e164 ?? text;
    case 'address':
      return addressValue(text);
  }
}

function addressValue(text: string): string {
  const words = text
    .replace(/(\d{5})-\d{4}/g, '$1')
    .replace(/['.\u2019]/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  return words.map((word) => SHORT.get(word) ?? word).join(' ');
}
