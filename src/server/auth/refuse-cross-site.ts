import { ApiError } from '../api-error.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses what another site may have made the browser send: for unsafe methods with a cookie, Sec-Fetch-Site must say
 * same-origin or none; browsers that do not send it (plain http off this machine) must send an Origin equal to the Host.
 * A request with neither is refused. X-Forwarded-Host is never asked, since anybody can set it.
 * @throws ApiError 403.
 */
export function refuseCrossSite(request: Request): void {
  if (SAFE_METHODS.includes(request.method)) return;
  const site = request.headers.get('sec-fetch-site');
  if (site === 'same-origin' || site === 'none') return;
  const origin = request.headers.get('origin');
  if (site === null && origin !== null && URL.parse(origin)?.host === hostOf(request)) return;
  throw new ApiError(
    'cross_site_request',
    'The request does not come from a page of this dashboard. Scripts should send "Authorization: Bearer …" instead of a cookie.',
  );
}

function hostOf(request: Request): string {
  return (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
}
