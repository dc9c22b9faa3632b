import { isAscii, isUtf8 } from 'node:buffer';
import { getEncoding } from 'encoding-sniffer';

export interface DecodedText {
  text: string;
  /** A WHATWG encoding name. */
  encoding: string;
  /** Set where the page named an encoding that does not exist, or one that it is not in. */
  warning: string | null;
}

const SNIFFED_BYTES = 1024;

/** Enough to tell what language a page is written in, and little enough to count. */
const JUDGED_BYTES = 256 * 1024;

/**
 * Turns a body into text that never fails and holds no NUL (PostgreSQL refuses it). In order: byte order mark, header,
 * meta tag or XML declaration in the first KiB, UTF-8. JSON is UTF-8 whatever the header says (RFC 8259 section 8.1).
 * Where the bytes prove the page wrong, they are believed.
 */
export function decodeText(body: Buffer, contentType: string | undefined): DecodedText {
  const label = charsetOf(contentType);
  const known = label === null ? null : findEncoding(label);
  const declared = declaredEncoding(body, contentType, known);
  const encoding = hasByteOrderMark(body) ? declared : believeBytes(body, declared);
  const text = new TextDecoder(encoding).decode(body).replaceAll('\0', '');
  return { text, encoding, warning: warningOf(label, known, declared, encoding) };
}

function declaredEncoding(body: Buffer, contentType: string | undefined, header: string | null): string {
  const isJson = /^[^;]*[/+]json\s*(?:;|$)/i.test(contentType ?? '');
  if (isJson && !hasByteOrderMark(body)) return 'utf-8';
  const sniffed = getEncoding(body.subarray(0, SNIFFED_BYTES), {
    maxBytes: SNIFFED_BYTES,
    defaultEncoding: 'utf-8',
    ...(header === null ? {} : { transportLayerEncodingLabel: header }),
  });
  return findEncoding(sniffed) ?? 'utf-8';
}

/**
 * What the bytes are, if they cannot be what the page says. Text in another encoding is hardly ever valid UTF-8 by chance, so
 * valid UTF-8 is UTF-8; and half of the bytes of Western text in UTF-16 are NUL.
 */
function believeBytes(body: Buffer, declared: string): string {
  const nulls = findUtf16(body.subarray(0, SNIFFED_BYTES));
  if (nulls !== null) return nulls;
  if (isUtf8(body)) {
    const saysUtf16 = declared.startsWith('utf-16');
    return (saysUtf16 || !isAscii(body)) && !body.includes(0) ? 'utf-8' : declared;
  }
  return declared === 'utf-8' && isRatherLatin(body) ? 'windows-1252' : declared;
}

/** UTF-16 without its mark. */
function findUtf16(start: Buffer): string | null {
  let [even, odd] = [0, 0];
  for (let at = 0; at < start.length; at += 1) {
    if (start[at] !== 0) continue;
    if (at % 2 === 0) even += 1;
    else odd += 1;
  }
  // Of the half that may be NUL, most are; of the other half, hardly any.
  const most = start.length * 0.3;
  const few = start.length * 0.05;
  if (odd > most && even < few) return 'utf-16le';
  return even > most && odd < few ? 'utf-16be' : null;
}

/** Whether what is no valid UTF-8 has more wrong characters than right ones beyond ASCII; one slip proves nothing. */
function isRatherLatin(body: Buffer): boolean {
  const text = body.toString('utf8', 0, JUDGED_BYTES);
  let [wrong, right] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) wrong += 1;
    else if (code > 0x7f) right += 1;
  }
  return wrong > right;
}

function hasByteOrderMark(body: Buffer): boolean {
  const [first, second, third] = body;
  return (
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff) ||
    (first === 0xef && second === 0xbb && third === 0xbf)
  );
}

function warningOf(label: string | null, known: string | null, declared: string, encoding: string): string | null {
  if (label !== null && known === null) return `The charset "${label}" is not known; the page was read without it`;
  return declared === encoding ? null : `The page says that it is "${declared}", but it is "${encoding}"`;
}

function charsetOf(contentType: string | undefined): string | null {
  const match = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType ?? '');
  return (match?.[1] ?? match?.[2])?.trim().slice(0, 100) ?? null;
}

function findEncoding(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    // The only thing the constructor complains about is an unknown label.
    return null;
  }
}
