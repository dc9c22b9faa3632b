import { FetchFailureError } from '../http-outcome.ts';
import { type Credentials, credentialsRefused } from './http-tunnel.ts';

/** How the proxies in use name themselves in pages of their own. */
const PROXY_SERVERS = /^(?:squid|tinyproxy|privoxy|mikrotik httpproxy)\b/i;

/**
 * Finds out whether an answer that came through a forwarding proxy is the proxy's own. Only what is certain counts: an answer
 * that may be the site's is the site's.
 * @returns FetchFailureError 'proxy-auth' or 'proxy-refused', or null.
 */
export function findProxyAnswer(
  { status, headers }: { status: number; headers: Record<string, string> },
  credentials: Credentials,
): FetchFailureError | null {
  const isOwn = status >= 400 && isOwnWords(headers);
  // No site may answer 407 (RFC 9110 section 15.5.8); 401 is how tinyproxy says that a password is wrong.
  if (status === 407 || (isOwn && status === 401)) return credentialsRefused(status, credentials.username !== null);
  return isOwn
    ? new FetchFailureError('proxy-refused', `The system's proxy answered for the site, with status ${status}`)
    : null;
}

/** A site behind a squid of its own shows the same marks, but by then two machines have signed the answer. */
function isOwnWords(headers: Record<string, string>): boolean {
  const hops = (headers.via ?? '').split(',').length;
  if (hops > 1) return false;
  return (
    headers['x-squid-error'] !== undefined ||
    /;\s*error\s*=/i.test(headers['proxy-status'] ?? '') ||
    PROXY_SERVERS.test(headers.server ?? '')
  );
}
