import { parse } from 'tldts';

/**
 * The key under which a host is paced. A name gives its registrable domain, so that `www.` and `data.` of one site share a
 * pace; customers of a shared platform (private suffixes) stay apart. IP addresses, localhost and names without a public
 * suffix keep their port: what runs on two ports there is two servers.
 */
export function hostKeyOf(url: URL): string {
  const { hostname, domain, isIp } = parse(url.hostname, { allowPrivateDomains: true });
  if (!isIp && domain) return domain;
  const name = (hostname ?? url.hostname).replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
}
