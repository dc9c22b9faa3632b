import { createHash } from 'node:crypto';

/** What a complete read of a page left behind: with it the next request can ask only for what has changed. */
export interface PageValidator {
  source: string;
  url: string;
  parserVersion: string;
  etag: string | null;
  lastModified: string | null;
  /** SHA-256 of the decoded body, in hex. */
  bodyHash: string;
}

/** Where validators are looked up. Keeping them is the runner's business: only it knows when everything found is saved. */
export interface ValidatorStore {
  /** Null unless the page was read by the same version of the parser. */
  find(source: string, url: string, parserVersion: string): Promise<PageValidator | null>;
}

/** The headers of a conditional request (RFC 9110 section 13.1). */
export function conditionalHeaders(validator: PageValidator): Record<string, string> {
  return {
    ...(validator.etag === null ? {} : { 'if-none-match': validator.etag }),
    ...(validator.lastModified === null ? {} : { 'if-modified-since': validator.lastModified }),
  };
}

export function hashBody(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
