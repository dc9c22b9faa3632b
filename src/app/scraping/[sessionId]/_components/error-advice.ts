/** What a person can do, by the error's code (src/lib/errors.ts). */
const ADVICE: Record<string, string> = {
  throttled: 'Nothing: the site asked for less, and the session goes on when it may.',
  host_not_ready: 'Nothing: the site is asked politely, and the session goes on when it is its turn.',
  blocked:
    'The site refuses us; the requests below show the page that it sent. Open it in a browser to see whether it is public; if it stays closed, remove the portal.',
  proxy_failed: 'Check the proxies on the Workers page; the site itself is not to blame.',
  no_proxy:
    'Nothing, if its proxies recover by themselves: see the Workers page. Add one there if none is left; nothing is asked without.',
  network:
    'Often passes by itself: retry later. If it stays, open the address in a browser to see whether the site is up.',
  host_unknown: 'The address has no server, or this machine is offline. Check the portal’s address and the connection.',
  fetch_timeout: 'The site is slow today: retry later.',
  page_gone: 'The page no longer exists. Check the portal’s address.',
  robots_disallowed: 'The site does not want robots on this page, and that is respected. Ask the publisher for access.',
  unusable_body:
    'The site answered with something that cannot be read. Open the address in a browser to see what it is.',
  address_refused: 'The address is private. If it is yours, allow it with EKO_ALLOW_ADDRESSES and retry.',
  request_refused: 'The site says that the request is wrong: check the portal’s field names and address.',
  layout_changed:
    'The site has changed; the requests below show the page that it sent. Compare the portal’s field names with the publisher’s columns, mend them, and retry.',
  parse_limit:
    'The page is too large or too deeply nested to be read safely. Look whether it is the page that was meant.',
  parse_failed: 'The scraper’s parser broke on this page. The requests below show which; mend the parser, and retry.',
  invalid_input: 'Start it again with another location or other parameters.',
  session_timeout: 'It took longer than allowed; a retry goes on from where it stopped.',
  quarantined:
    'Its worker died three times in a row. Read the log below for the last line before each death, then retry.',
  lease_lost: 'Nothing: another worker took over.',
  database_unavailable: 'Look at the database; work goes on as soon as it answers.',
};

export function adviceFor(code: string, final: boolean): string {
  const advice = ADVICE[code];
  if (advice !== undefined) return advice;
  return final ? 'Read the log below, then press Retry.' : 'Nothing yet: it will be tried again.';
}
