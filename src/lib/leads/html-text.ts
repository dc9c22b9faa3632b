import { decodeEntities } from './decode-entities.ts';
import { addressesOfLink, decodeCloudflareEmail } from './encoded-emails.ts';

/**
 * Stands where an inline tag was: whether it separates words is decided by what is around it. A private-use character, which
 * no page needs for a contact; it is taken out of the input first.
 */
export const SOFT_BREAK = '\ue000';

/** Elements that style a part of a word. All others separate words, as table cells and list items do. */
const INLINE = new Set(
  'abbr b bdi bdo big cite code data del em font i ins kbd mark q s samp small span strike strong sub sup time tt u var'.split(
    ' ',
  ),
);
/** Elements whose content nobody reads. */
const SKIPPED_CONTENT = new Set(['script', 'style', 'template', 'svg']);
const INVISIBLE = new Set(['wbr']);

const TAG_START = /<(?:[A-Za-z/!?])/g;
const TAG_NAME = /\/?([A-Za-z][^\s/>]{0,63})/y;

/**
 * The text of a page for finding contacts in it: block elements become line breaks, inline ones SOFT_BREAK, links that hold
 * addresses give them at their place. Of the attributes only href and data-cfemail are read; scripts and styles are left out.
 * A single pass: each character is looked at a constant number of times, however broken the markup is.
 */
export function htmlToText(html: string): string {
  const out: string[] = [];
  let position = 0;
  while (position < html.length) {
    TAG_START.lastIndex = position;
    const start = TAG_START.exec(html)?.index ?? html.length;
    out.push(decodeEntities(html.slice(position, start)).replace(/\s+/g, ' '));
    if (start === html.length) break;
    position = readMarkup(html, start, out);
  }
  return out.join('');
}

/** Reads what starts with the "<" at `start`, writes what it means for the text, and returns where reading goes on. */
function readMarkup(html: string, start: number, out: string[]): number {
  if (html.startsWith('<!--', start)) return after(html, '-->', start + 4);
  const next = html[start + 1];
  if (next === '!' || next === '?') return after(html, '>', start + 2);
  TAG_NAME.lastIndex = start + 1;
  const name = TAG_NAME.exec(html)?.[1]?.toLowerCase();
  if (name === undefined) return after(html, '>', start + 2);
  if (name.includes('@')) {
    // "Bob <bob@example.com>" pasted into a page: a browser hides it, but an address is what was meant.
    out.push(' <');
    return start + 1;
  }
  const tag = readAttributes(html, TAG_NAME.lastIndex);
  out.push(breakFor(name), ...tag.addresses);
  const closes = next === '/';
  return !closes && SKIPPED_CONTENT.has(name) ? afterClosingTag(html, name, tag.end) : tag.end;
}

function breakFor(name: string): string {
  if (INVISIBLE.has(name)) return '';
  return INLINE.has(name) ? SOFT_BREAK : '\n';
}

function after(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from);
  return at === -1 ? html.length : at + mark.length;
}

function afterClosingTag(html: string, name: string, from: number): number {
  const closing = new RegExp(`</${name}[\\s/>]`, 'gi');
  closing.lastIndex = from;
  const found = closing.exec(html);
  return found ? after(html, '>', found.index) : html.length;
}

const ATTRIBUTE_NAME = /[\s/]*([^\s/>=]*)/y;
const EQUALS = /\s*=\s*/y;
const UNQUOTED = /[^\s>]*/y;

/** Reads attributes up to the ">" that ends the tag, quotes respected. */
function readAttributes(html: string, from: number): { end: number; addresses: string[] } {
  const addresses: string[] = [];
  let position = from;
  while (position < html.length && html[position] !== '>') {
    const before = position;
    ATTRIBUTE_NAME.lastIndex = position;
    const name = ATTRIBUTE_NAME.exec(html)?.[1];
    position = ATTRIBUTE_NAME.lastIndex;
    EQUALS.lastIndex = position;
    if (EQUALS.test(html)) {
      const value = readValue(html, EQUALS.lastIndex);
      position = value.end;
      const address = addressOfAttribute(name?.toLowerCase(), value);
      if (address !== '') addresses.push(`\n${address}\n`);
    }
    if (position === before) position += 1;
  }
  return { end: Math.min(position + 1, html.length), addresses };
}

interface AttributeValue {
  start: number;
  stop: number;
  end: number;
  html: string;
}

function readValue(html: string, from: number): AttributeValue {
  const quote = html[from];
  if (quote === '"' || quote === "'") {
    const closing = html.indexOf(quote, from + 1);
    const stop = closing === -1 ? html.length : closing;
    return { html, start: from + 1, stop, end: Math.min(stop + 1, html.length) };
  }
  UNQUOTED.lastIndex = from;
  UNQUOTED.exec(html);
  return { html, start: from, stop: UNQUOTED.lastIndex, end: UNQUOTED.lastIndex };
}

/** No link that names people is longer; longer ones are data: URLs and the like. */
const LINK_MAX_CHARS = 4_000;

function addressOfAttribute(name: string | undefined, value: AttributeValue): string {
  if ((name !== 'href' && name !== 'data-cfemail') || value.stop - value.start > LINK_MAX_CHARS) return '';
  const text = decodeEntities(value.html.slice(value.start, value.stop));
  return name === 'href' ? addressesOfLink(text) : decodeCloudflareEmail(text.trim());
}
