/** A path pattern of robots.txt, ready to be matched. `*` stands between the parts. */
export interface RobotsPattern {
  /** Octets of the canonical pattern, wildcards included: the longest match decides (RFC 9309 section 2.2.2). */
  length: number;
  forms: readonly PatternForm[];
}

interface PatternForm {
  parts: readonly string[];
  anchored: boolean;
}

/** The two canonical spellings of a URL's path and query that patterns are compared with. */
export type RobotsTarget = readonly [path: string, queryEncoded: string];

const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** Reserved octets that may stand as they are; written as an escape they mean something else, so both stay distinct. */
const KEPT = /[/?&=:@!'()+,;]/;

/**
 * Canonical form of a path and query (RFC 9309 section 2.2.2): escapes of unreserved octets are decoded, all other
 * escapes are upper case, everything that is neither unreserved nor a delimiter is escaped. `%2F` stays distinct from `/`.
 */
function canonical(text: string): string {
  let result = '';
  const bytes = Buffer.from(text, 'utf8');
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    const escaped = byte === 0x25 ? escapedOctet(bytes, index) : null;
    if (escaped !== null) index += 2;
    const octet = String.fromCharCode(escaped ?? byte);
    const plain = UNRESERVED.test(octet) || (escaped === null && KEPT.test(octet));
    result += plain ? octet : escapeOctet(escaped ?? byte);
  }
  return result;
}

function escapedOctet(bytes: Buffer, at: number): number | null {
  const digits = bytes.toString('latin1', at + 1, at + 3);
  return /^[0-9A-Fa-f]{2}$/.test(digits) ? Number.parseInt(digits, 16) : null;
}

function escapeOctet(octet: number): string {
  return `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}

/**
 * The RFC's table also compares reserved octets inside a query in their escaped form, so that `?u=https://a` equals
 * `?u=https%3A%2F%2Fa`. This is that second form; it equals the first where there is nothing to escape.
 */
function withQueryEncoded(text: string): string {
  const mark = text.indexOf('?');
  if (mark < 0) return text;
  return text.slice(0, mark + 1) + text.slice(mark + 1).replace(/[/?:@]/g, (octet) => escapeOctet(octet.charCodeAt(0)));
}

/** The path and query of a URL, ready for matching. */
export function robotsTarget(url: URL): RobotsTarget {
  const path = canonical(url.pathname + url.search);
  return [path, withQueryEncoded(path)];
}

/** Compiles a pattern; null for one that can match nothing because it starts with neither `/` nor `*`. */
export function compilePattern(text: string): RobotsPattern | null {
  if (!text.startsWith('/') && !text.startsWith('*')) return null;
  const anchored = text.endsWith('$');
  const parts = (anchored ? text.slice(0, -1) : text).split('*').map(canonical);
  const joined = parts.join('*');
  const encoded = withQueryEncoded(joined);
  const forms = [{ parts, anchored }];
  if (encoded !== joined) forms.push({ parts: encoded.split('*'), anchored });
  return { length: joined.length + (anchored ? 1 : 0), forms };
}

/** Whether the pattern matches from the start of the target. Greedy from the left, so no backtracking. */
export function matchesPattern(pattern: RobotsPattern, target: RobotsTarget): boolean {
  const [plain, encoded = plain] = pattern.forms;
  if (plain === undefined || encoded === undefined) return false;
  const sameForms = plain === encoded && target[0] === target[1];
  return matchesForm(plain, target[0]) || (!sameForms && matchesForm(encoded, target[1]));
}

function matchesForm({ parts, anchored }: PatternForm, text: string): boolean {
  const first = parts[0] ?? '';
  if (!text.startsWith(first)) return false;
  if (parts.length === 1) return !anchored || text.length === first.length;
  const last = parts.length - 1;
  let position = first.length;
  for (let index = 1; index < last; index += 1) {
    const part = parts[index] ?? '';
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  const tail = parts[last] ?? '';
  if (!anchored) return text.indexOf(tail, position) >= 0;
  return text.endsWith(tail) && text.length - tail.length >= position;
}
