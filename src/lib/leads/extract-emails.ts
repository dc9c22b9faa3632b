import { domainToASCII } from 'node:url';
import { parse as parseDomain } from 'tldts';
import { decodeEntities } from './decode-entities.ts';
import { addressesOfLink, decodeCloudflareEmail } from './encoded-emails.ts';
import { htmlToText, SOFT_BREAK } from './html-text.ts';
import { toPlainCharacters } from './plain-characters.ts';

/** Input beyond this many characters is not looked at; longer than any page that the fetch stack lets through as text. */
export const MAX_INPUT_CHARS = 2_000_000;
/** Nobody lists more people on one page; ends the work on pages made to be expensive. */
const MAX_FINDS = 5_000;
/** RFC 5321 section 4.5.3.1. */
const MAX_LOCAL_CHARS = 64;
const MAX_DOMAIN_CHARS = 253;

/**
 * The e-mail addresses of a text or page: lower case, each once, in the order of appearance. Understands character
 * references, mailto: links, Cloudflare's protection, and "name [at] domain dot com" in its usual spellings. Leaves out
 * image and package names ("logo@2x.png", "pkg@1.2.3"), names without a public suffix ("user@localhost"), handles
 * ("@bob@social.example") and the userinfo of URLs. Linear in the length of the input, of which MAX_INPUT_CHARS are read.
 * @param options.html Read the input as HTML: tags separate or join words as a reader sees them, scripts are left out.
 */
export function extractEmails(input: string, options: { html?: boolean } = {}): string[] {
  const capped = input.slice(0, MAX_INPUT_CHARS);
  const withoutMarks = capped.replaceAll(SOFT_BREAK, ' ');
  const text = options.html === true ? htmlToText(withoutMarks) : plainText(withoutMarks);
  return findAddresses(joinSplitWords(toPlainCharacters(text)));
}

/** True for an address that extractEmails would return as it is. */
export function isEmail(text: string): boolean {
  return extractEmails(text)[0] === text;
}

const MAILTO = /mailto:[^\s"'<>]+/gi;
const CLOUDFLARE_ATTRIBUTE = /data-cfemail=["']?([0-9a-fA-F]+)/gi;
const CLOUDFLARE_LINK = /\/cdn-cgi\/l\/email-protection#[0-9a-fA-F]+/gi;

function plainText(input: string): string {
  return decodeEntities(input)
    .replace(MAILTO, (link) => ` ${addressesOfLink(link)} `)
    .replace(CLOUDFLARE_ATTRIBUTE, (_, hex: string) => ` ${decodeCloudflareEmail(hex)} `)
    .replace(CLOUDFLARE_LINK, (link) => ` ${addressesOfLink(link)} `);
}

/** A word longer than this is no address, whatever its parts are. */
const MAX_WORD_CHARS = 1_000;
const GLUE = /^[@._+-]|[@._+-]$/;

/** Decides for each word that inline tags split whether they only styled it ("bob<b>@</b>x.com") or separate two words. */
function joinSplitWords(text: string): string {
  if (!text.includes(SOFT_BREAK)) return text;
  return text.replace(/\S+/g, (word) => {
    if (!word.includes(SOFT_BREAK)) return word;
    const parts = word.split(SOFT_BREAK);
    if (word.length > MAX_WORD_CHARS) return parts.join(' ');
    const complete = parts.some((part, index) => {
      if (!part.includes('@') || GLUE.test(part)) return false;
      const glued = /[@._+-]$/.test(parts[index - 1] ?? '') || /^[@._+-]/.test(parts[index + 1] ?? '');
      return !glued && findAddresses(part).length > 0;
    });
    return parts.join(complete ? ' ' : '');
  });
}

/** "@" and what people write in its place. */
const AT_TOKEN = / @ |@| ?[[({<] ?(?:at|@) ?[\])}>] ?| at /gi;

function findAddresses(text: string): string[] {
  const found = new Set<string>();
  const urlAuthorities = listUrlAuthorities(text);
  AT_TOKEN.lastIndex = 0;
  for (const match of text.matchAll(AT_TOKEN)) {
    if (found.size >= MAX_FINDS) break;
    const address = addressAround(text, match.index, match[0]);
    if (address === null || isInside(urlAuthorities, match.index)) continue;
    found.add(address);
  }
  return [...found];
}

const AUTHORITY = /:\/\/[^\s/?#"'<>]*/g;

/** Where "user:password@host" of URLs stands: start and end of each authority that has an "@". */
function listUrlAuthorities(text: string): Set<number> {
  const positions = new Set<number>();
  for (const match of text.matchAll(AUTHORITY)) {
    for (let at = match[0].indexOf('@'); at !== -1; at = match[0].indexOf('@', at + 1)) positions.add(match.index + at);
  }
  return positions;
}

function isInside(authorities: Set<number>, index: number): boolean {
  return authorities.has(index);
}

/** How an at-token was written: as "@", marked ("[at]", " @ "), or as the bare word " at ". */
type AtSpelling = 'sign' | 'marked' | 'word';

function spellingOf(token: string): AtSpelling {
  if (token === '@') return 'sign';
  return /^ at $/i.test(token) ? 'word' : 'marked';
}

/** Words before " at " and " @ " that are not names: "visit us at example dot com". */
const NOT_NAMES = new Set(
  'us me him her them you it here there look looking find found visit meet arrive available located online only be is are was were open or and lunch dinner website site page more info work works working job jobs stay live'.split(
    ' ',
  ),
);

function addressAround(text: string, index: number, token: string): string | null {
  const spelling = spellingOf(token);
  const local = readLocal(text, index, spelling !== 'sign');
  if (local === null) return null;
  const domain = readDomain(text, index + token.length, spelling !== 'sign');
  if (domain === null || (spelling === 'word' && !domain.spelledOut)) return null;
  if (spelling !== 'sign' && token.startsWith(' ') && token.endsWith(' ') && NOT_NAMES.has(local)) return null;
  return isAddress(local, domain.name) ? `${local}@${domain.name}` : null;
}

const LOCAL_CHAR = /[A-Za-z0-9.!%&'*+_^`~$-]/;
const DOT_WORD_BEFORE = /(?: ?[[({<] ?(?:dot|\.) ?[\])}>] ?| dot )$/i;
const DOT_WORD = / ?[[({<] ?(?:dot|\.|d0t) ?[\])}>] ?| dot /iy;
const DOT_WORD_MAX_CHARS = 9;
/** A Latin letter with an accent before the name means that ASCII holds only the rest of it. */
const ACCENTED = /[\u00c0-\u024f\u1e00-\u1eff]/;

/** The part before the "@" that ends at `end`; null when there is none that could be an address. */
function readLocal(text: string, end: number, spelledOut: boolean): string | null {
  let start = skipLocalBack(text, end, end);
  let local = text.slice(start, end);
  while (spelledOut && local.length > 0 && local.length <= MAX_LOCAL_CHARS) {
    const dot = DOT_WORD_BEFORE.exec(text.slice(Math.max(0, start - DOT_WORD_MAX_CHARS), start));
    if (dot === null) break;
    const wordEnd = start - dot[0].length;
    start = skipLocalBack(text, wordEnd, end);
    local = `${text.slice(start, wordEnd)}.${local}`;
  }
  const before = text[start - 1] ?? '';
  if (before === '@' || ACCENTED.test(before)) return null;
  const tidy = tidyLocal(local);
  return tidy.length === 0 || tidy.length > MAX_LOCAL_CHARS || tidy.endsWith('.') ? null : tidy;
}

/** Where the run of characters that a name may have begins; it gives up at a length that no name has. */
function skipLocalBack(text: string, from: number, end: number): number {
  let start = from;
  while (start > 0 && end - start <= MAX_LOCAL_CHARS * 2 && LOCAL_CHAR.test(text[start - 1] ?? '')) start -= 1;
  return start;
}

/** Takes off what stands before a name without belonging to it: quotes, bullets, leader dots, percent codes. */
function tidyLocal(local: string): string {
  const leaders = local.lastIndexOf('..');
  return (leaders === -1 ? local : local.slice(leaders + 2))
    .replace(/^(?:%[0-9a-fA-F]{2})+/, '')
    .replace(/^[.'*`~^!$&-]+/, '')
    .toLowerCase();
}

const LABEL = /[A-Za-z0-9-]{1,63}/y;
const INTERNATIONAL_LABEL = /[\p{L}\p{N}\p{M}-]{1,63}/uy;

interface Domain {
  name: string;
  /** Whether a dot was written as a word. */
  spelledOut: boolean;
}

function readDomain(text: string, start: number, spelledOut: boolean): Domain | null {
  return readDomainOf(text, start, spelledOut, LABEL) ?? readDomainOf(text, start, spelledOut, INTERNATIONAL_LABEL);
}

/** The domain that starts at `start`, as far as it has a public suffix. */
function readDomainOf(text: string, start: number, spelledOut: boolean, label: RegExp): Domain | null {
  const labels: string[] = [];
  let position = start;
  let end = start;
  let dotWords = 0;
  while (position - start <= MAX_DOMAIN_CHARS) {
    label.lastIndex = position;
    const part = label.exec(text)?.[0];
    if (part === undefined) break;
    labels.push(part);
    end = position + part.length;
    position = end;
    if (text[position] === '.') position += 1;
    else {
      DOT_WORD.lastIndex = position;
      const dot = spelledOut || labels.length === 1 ? DOT_WORD.exec(text)?.[0] : undefined;
      if (dot === undefined) break;
      dotWords += 1;
      position += dot.length;
    }
  }
  if (isContinued(text, end)) return null;
  const name = cutToPublicSuffix(labels);
  return name === null ? null : { name, spelledOut: dotWords > 0 };
}

/** Whether something follows that makes it another thing than a domain: "@" (a handle), ":22" or ":path" (a remote). */
function isContinued(text: string, end: number): boolean {
  const next = text[end] ?? '';
  return next === '@' || (next === ':' && /[a-z0-9/]/.test(text[end + 1] ?? ''));
}

/** "x.com.Please" is a sentence that goes on without a space: one capitalised word at the end may be dropped. */
function cutToPublicSuffix(labels: string[]): string | null {
  if (labels.length < 2) return null;
  const whole = checkDomain(labels);
  if (whole !== null || labels.length < 3) return whole;
  return /^[A-Z][a-z]/.test(labels.at(-1) ?? '') ? checkDomain(labels.slice(0, -1)) : null;
}

const VERSION = /^v?\d+\.\d+(?:\.|$)/;
/** File names end in these, and so do domains: after a pixel ratio such as "@2x." they are files. */
const FILE_SUFFIX = /^(?:ai|md|mov|pdf|png|ps|py|rs|sh|so|zip)$/;

function checkDomain(labels: string[]): string | null {
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) return null;
  const name = labels.join('.').toLowerCase();
  if (name.length > MAX_DOMAIN_CHARS || VERSION.test(name)) return null;
  if (/^\d(?:\.\d)?x\./.test(name) && FILE_SUFFIX.test(labels.at(-1)?.toLowerCase() ?? '')) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  const ascii = /^[\u0000-\u007f]*$/.test(name) ? name : domainToASCII(name);
  const parsed = parseDomain(ascii, { extractHostname: false });
  return parsed.isIcann === true && parsed.isIp !== true && parsed.domain !== null ? name : null;
}

function isAddress(local: string, domain: string): boolean {
  return local.length + 1 + domain.length <= 254 && !local.includes('..');
}
