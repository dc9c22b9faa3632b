import { hostKeyOf } from '#lib/net/host-key.ts';

/** What a page in the browser asks for beside its own document. */
export interface AskedResource {
  url: string;
  method: string;
  /** As Chromium names it: script, fetch, xhr, stylesheet, image, … */
  type: string;
}

export interface ResourceLimits {
  /** The site whose page it is, as hostKeyOf names it. */
  siteKey: string;
  /** Further hosts that may be asked; null for any. */
  hosts: readonly string[] | null;
}

export type ResourceDecision =
  | { kind: 'fetch' }
  /** Answered by us with nothing, because a page that gets an error might wait or try again. */
  | { kind: 'nothing'; status: number; contentType: string }
  | { kind: 'refuse'; reason: string };

/** What can change the text of a page. */
const READABLE = ['script', 'xhr', 'fetch'];

const NOTHING: Record<string, ResourceDecision> = {
  stylesheet: { kind: 'nothing', status: 200, contentType: 'text/css' },
  // The only answer after which a browser does not ask again.
  eventsource: { kind: 'nothing', status: 204, contentType: 'text/plain' },
};

/** Only what a text needs is fetched, and a page may only read: whatever sends something is refused. */
export function judgeResource({ url, method, type }: AskedResource, limits: ResourceLimits): ResourceDecision {
  const nothing = NOTHING[type];
  if (nothing) return nothing;
  if (!READABLE.includes(type)) return { kind: 'refuse', reason: `a text needs no ${type}` };
  if (method !== 'GET') return { kind: 'refuse', reason: `pages may read, not send (${method})` };
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    return { kind: 'refuse', reason: 'it is not on the web' };
  }
  if (!isAllowedHost(parsed, limits)) return { kind: 'refuse', reason: `"${parsed.hostname}" is not one of its hosts` };
  return { kind: 'fetch' };
}

function isAllowedHost(url: URL, { siteKey, hosts }: ResourceLimits): boolean {
  return hosts === null || hostKeyOf(url) === siteKey || hosts.includes(url.hostname) || hosts.includes(url.host);
}

/** Who asks, and what would make the answer a partial or an unchanged one, is the fetch stack's business. */
const DROPPED_HEADERS =
  /^(?:sec-|proxy-|if-|:)|^(?:user-agent|host|connection|accept-encoding|content-\w+|range|upgrade-insecure-requests|purpose|priority|pragma|cache-control|te|dnt)$/;

/** The headers of a page's request that go with it: what its scripts set, where it comes from, and the cookies of this page. */
export function headersToSend(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !DROPPED_HEADERS.test(name.toLowerCase())));
}
