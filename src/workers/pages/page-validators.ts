import { createHash } from 'node:crypto';

/** What tells a page that has changed from one that has not. */
export interface PageValidators {
  etag: string | null;
  lastModified: string | null;
  /** SHA-256 of the decoded body, in hex: for sites that know neither. */
  bodyHash: string;
}

const VALUE_MAX_CHARS = 500;

/** The validators of a page that was read to its end. */
export function validatorsOf(headers: Readonly<Record<string, string>>, body: string | Uint8Array): PageValidators {
  return {
    etag: sendable(headers.etag),
    lastModified: sendable(headers['last-modified']),
    bodyHash: createHash('sha256').update(body).digest('hex'),
  };
}

/** The headers that make a request conditional; none when nothing is known. */
export function conditionalHeaders(validators: PageValidators | null): Record<string, string> {
  return {
    ...(validators?.etag ? { 'if-none-match': validators.etag } : {}),
    ...(validators?.lastModified ? { 'if-modified-since': validators.lastModified } : {}),
  };
}

/** A value goes back as it came, so it must be one that a header can carry. */
function sendable(value: string | undefined): string | null {
  if (value === undefined || value.length > VALUE_MAX_CHARS) return null;
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? value : null;
}
