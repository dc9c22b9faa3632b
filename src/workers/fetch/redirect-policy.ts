import { isSecretName, shownUrl } from '../pages/shown-url.ts';

/** What one request of a chain sends. */
export interface Hop {
  url: URL;
  method: 'GET' | 'POST';
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string | null;
}

export type RedirectDecision = { kind: 'follow'; hop: Hop } | { kind: 'refuse'; reason: string };

const REDIRECTS_MAX = 5;

/** Headers that belong to the origin they were meant for: APIs take their keys in headers of all names. */
const isOriginBound = (name: string) => name === 'cookie' || isSecretName(name);
const BODY_BOUND = ['content-type', 'content-length', 'content-encoding'];

export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * The next request of a chain (RFC 9110 section 15.4). The caller checks address, robots.txt and pace of every hop anew.
 * @param hops how many redirects were followed before this one.
 */
export function followRedirect(
  from: Hop,
  status: number,
  location: string | undefined,
  hops: number,
): RedirectDecision {
  if (location === undefined) return { kind: 'refuse', reason: `status ${status} names no place to go` };
  if (hops >= REDIRECTS_MAX) return { kind: 'refuse', reason: `more than ${REDIRECTS_MAX} redirects` };
  const url = URL.parse(location, from.url);
  if (url === null) return { kind: 'refuse', reason: `the place "${shownUrl(location).slice(0, 200)}" is not a URL` };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { kind: 'refuse', reason: `the place has the scheme "${url.protocol.slice(0, -1)}"` };
  }
  const sameOrigin = url.origin === from.url.origin;
  const keepsBody = status === 307 || status === 308;
  if (keepsBody && from.body !== null && !sameOrigin) {
    return { kind: 'refuse', reason: `a form may not be sent on to "${url.origin}"` };
  }
  const isDropped = (name: string) => (!sameOrigin && isOriginBound(name)) || (!keepsBody && BODY_BOUND.includes(name));
  const headers = Object.fromEntries(Object.entries(from.headers).filter(([name]) => !isDropped(name)));
  const hop: Hop = keepsBody ? { ...from, url, headers } : { url, method: 'GET', headers, body: null };
  return { kind: 'follow', hop };
}
