import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';

/** What the browser is given in place of an answer from the network. */
export interface BrowserAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Describe the transfer that is over, would turn a page into a download, or make the browser act beyond this page. */
const DROPPED_HEADERS = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-encoding',
  'content-length',
  'content-disposition',
  'content-type',
  'set-cookie',
  'strict-transport-security',
  'alt-svc',
  'link',
  'nel',
  'report-to',
  'reporting-endpoints',
  'clear-site-data',
];

/** A fetched page as the browser's answer. Its text is in Unicode, whatever it came in, so the type says UTF-8. */
export function answerOf(page: FetchedPage, fallbackType: string): BrowserAnswer {
  const kept = Object.entries(page.headers).filter(([name]) => !DROPPED_HEADERS.includes(name));
  const type = (page.headers['content-type'] ?? fallbackType).split(';')[0]?.trim() || fallbackType;
  const cookies = page.headers['set-cookie'];
  return {
    status: page.status,
    headers: {
      // Without this header Playwright adds one that lets every other site read it.
      'access-control-allow-origin': 'https://nobody.invalid',
      ...Object.fromEntries(kept),
      'content-type': `${type}; charset=utf-8`,
      ...(cookies === undefined ? {} : { 'set-cookie': splitCookies(cookies).join('\n') }),
    },
    body: page.text,
  };
}

/** Takes the browser on to the address that a redirect led to, which it then asks for itself. */
export function forwardTo(url: string): BrowserAnswer {
  const quoted = JSON.stringify(url).replaceAll('<', '\\u003c');
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html><script>location.replace(${quoted})</script>`,
  };
}

/** Cookies that were joined with ", ". A comma also stands in their dates, but no "name=" follows it there. */
function splitCookies(joined: string): string[] {
  return joined.split(/, *(?=[^;,=\s]+=)/);
}

/** Whether a body came as something else than text: as Unicode it would reach the page broken. */
export function isBinary(page: FetchedPage): boolean {
  const type = page.headers['content-type'] ?? '';
  return (
    /^\s*(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:wasm|zip|gzip|pdf))/i.test(type) ||
    page.text.includes('\u0000')
  );
}
