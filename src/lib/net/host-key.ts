import { parse } from 'tldts';

/**
 * The key under which a host is paced. By `site`, a name gives its registrable domain, so that `www.` and `data.` of one site
 * share a pace; customers of a shared platform (private suffixes) stay apart. By `host`, each name has a pace of its own: for
 * publishers whose hosts are known to be separate servers. IP addresses, localhost and names without a public suffix keep their
 * port: what runs on two ports there is two servers.
 */
export function hostKeyOf(url: URL, paceBy: 'site' | 'host' = 'site'): string {
  const { hostname, domain, isIp } = parse(url.hostname, { allowPrivateDomains: true });
  if (!isIp && domain) return paceBy === 'site' || hostname === null ? domain : hostname;
  const name = (hostname ?? url.hostname).replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
}
