import type { FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { Hop } from './redirect-policy.ts';

/** What the client sets itself, or what would break the framing of the request. */
const OWN_HEADERS = [
  'host',
  'user-agent',
  'accept-encoding',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
];

/** The first request of a page: a scraper's headers less those that are ours, and its form. */
export function firstHop(url: URL, options: FetchPageOptions): Hop {
  const given = Object.entries(options.headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !OWN_HEADERS.includes(name));
  const body = options.form === undefined ? null : new URLSearchParams(options.form).toString();
  return {
    url,
    method: options.method ?? (body === null ? 'GET' : 'POST'),
    headers: {
      accept: 'text/html, application/json;q=0.9, */*;q=0.8',
      ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...Object.fromEntries(given),
    },
    body,
  };
}
