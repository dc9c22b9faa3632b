const HOME = '/scraping';

/**
 * Where to go after signing in: a path of this site, or the start page for anything else. Browsers read "//host", "/\host"
 * and control characters within as another site, so the result is checked as a browser would resolve it.
 */
export function safeNextPath(next: string | null | undefined): string {
  if (!next?.startsWith('/') || next.length > 2000 || /[\\\p{Cc}]/u.test(next)) return HOME;
  const base = 'http://this-site.invalid';
  const url = URL.parse(next, base);
  if (!url || url.origin !== base || url.pathname.startsWith('//') || isNoPage(url.pathname)) return HOME;
  return `${url.pathname}${url.search}${url.hash}`;
}

/** Signing in again would only go round in circles, and an API answer is no page. */
function isNoPage(pathname: string): boolean {
  return /^\/(sign-in|api)(\/|$)/.test(pathname);
}
