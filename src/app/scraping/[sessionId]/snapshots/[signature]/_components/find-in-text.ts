/** A part of a text; `match` is the number of the match that it is, from 0 on, or null between matches. */
export interface TextPart {
  text: string;
  match: number | null;
}

/** More matches than this are not marked: each is an element on the page. */
export const MATCHES_MAX = 500;

/** Cuts a text at what is looked for, in any case. All parts together are the text. */
export function findInText(text: string, wanted: string): TextPart[] {
  if (wanted === '') return [{ text, match: null }];
  const pattern = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'giu');
  const parts: TextPart[] = [];
  let end = 0;
  let count = 0;
  for (const found of text.matchAll(pattern)) {
    if (count === MATCHES_MAX) break;
    if (found.index > end) parts.push({ text: text.slice(end, found.index), match: null });
    parts.push({ text: found[0], match: count });
    count += 1;
    end = found.index + found[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), match: null });
  return parts;
}
