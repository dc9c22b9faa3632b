import { getEncoding } from 'encoding-sniffer';

export interface DecodedText {
  text: string;
  /** A WHATWG encoding name. */
  encoding: string;
  /** Set where the page named an encoding that does not exist. */
  warning: string | null;
}

const SNIFFED_BYTES = 1024;

/**
 * Turns a body into text that never fails and holds no NUL (PostgreSQL refuses it). In order: byte order mark, header,
 * meta tag or XML declaration in the first KiB, UTF-8. JSON is UTF-8 whatever the header says (RFC 8259 section 8.1).
 */
export function decodeText(body: Buffer, contentType: string | undefined): DecodedText {
  const label = charsetOf(contentType);
  const known = label === null ? null : findEncoding(label);
  const warning =
    label !== null && known === null ? `The charset "${label}" is not known; the page was read without it` : null;
  const encoding = encodingOf(body, contentType, known);
  const text = new TextDecoder(encoding).decode(body).replaceAll('\0', '');
  return { text, encoding, warning };
}

function encodingOf(body: Buffer, contentType: string | undefined, header: string | null): string {
  const isJson = /^[^;]*[/+]json\s*(?:;|$)/i.test(contentType ?? '');
  const sniffed = getEncoding(body.subarray(0, SNIFFED_BYTES), {
    maxBytes: SNIFFED_BYTES,
    defaultEncoding: 'utf-8',
    ...(header !== null && !isJson ? { transportLayerEncodingLabel: header } : {}),
  });
  return (isJson && !hasUtf16Mark(body) ? 'utf-8' : findEncoding(sniffed)) ?? 'utf-8';
}

function hasUtf16Mark(body: Buffer): boolean {
  return (body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff);
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
