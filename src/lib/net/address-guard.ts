import ipaddr from 'ipaddr.js';
import { trimEndOf } from '../trim-end-of.ts';

export type GuardVerdict = { ok: true } | { ok: false; reason: string };

const OK: GuardVerdict = { ok: true };
const ALLOWED_PORTS = [80, 443];

/**
 * IPv4 ranges that are not public hosts: the IANA special-purpose registry, multicast, and the cloud's own addresses.
 * 192.88.99.0/24 is the retired 6to4 relay, 168.63.129.16 the address under which Azure speaks to its machines.
 */
const DENIED_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map((range) => ipaddr.IPv4.parseCIDR(range));

/** Only global unicast may be asked; all else in IPv6 is local, mapped, or not assigned. */
const ALLOWED_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
const DENIED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((range) => ipaddr.IPv6.parseCIDR(range));
/** Prefixes that carry an IPv4 address in their last 32 bits: IPv4-mapped, and the NAT64 prefix of RFC 6052. */
const CARRIES_V4 = ['::ffff:0:0/96', '64:ff9b::/96'].map((range) => ipaddr.IPv6.parseCIDR(range));

const DENIED_NAME =
  /^(?:localhost|metadata)$|\.(?:localhost|local|internal|localdomain|lan|home\.arpa|onion)$|^metadata\./;

/**
 * Says whether a scraper may ask this URL, as far as the text alone can tell: scheme, user info, port, the host's name or
 * literal address. What a name resolves to is checked with `checkAddress` when connecting.
 * @param allow `host:port` entries (IPv6 in brackets) that an admin lists; an entry frees exactly that host and port.
 */
export function checkUrl(url: string | URL, allow: readonly string[] = []): GuardVerdict {
  const parsed = URL.parse(String(url));
  if (!parsed) return refuse(`"${String(url).slice(0, 200)}" is not an absolute URL`);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return refuse(`the scheme "${parsed.protocol.slice(0, -1)}" is not http or https`);
  }
  if (parsed.username !== '' || parsed.password !== '')
    return refuse('a user name or password in the URL is not allowed');
  const port = portOf(parsed);
  if (isListed(parsed.hostname, port, allow)) return OK;
  if (!ALLOWED_PORTS.includes(port)) return refuse(`port ${port} is not 80 or 443`);
  return checkHost(parsed.hostname);
}

/**
 * Says whether an address that a name resolved to, or that a socket is connected to, is a public one.
 * Anything that is not an IP address in canonical spelling is refused: this never fails open.
 */
export function checkAddress(address: string, port: number, allow: readonly string[] = []): GuardVerdict {
  if (isListed(address, port, allow)) return OK;
  const bare = stripBrackets(address);
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return checkV4(ipaddr.IPv4.parse(bare), bare);
  if (ipaddr.IPv6.isValid(bare)) return checkV6(ipaddr.IPv6.parse(bare), bare);
  return refuse(`"${address}" is not an IP address`);
}

/** Whether the allow list names exactly this host (or address) and port. */
export function isListed(host: string, port: number, allow: readonly string[]): boolean {
  if (allow.length === 0) return false;
  const wanted = canonicalHost(host);
  return allow.some((entry) => {
    const colon = entry.lastIndexOf(':');
    return Number(entry.slice(colon + 1)) === port && canonicalHost(entry.slice(0, colon)) === wanted;
  });
}

/** The port a URL means, the scheme's default included. */
function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function checkHost(hostname: string): GuardVerdict {
  const name = canonicalHost(hostname);
  if (name.includes(':') || ipaddr.IPv4.isValid(name)) return checkAddress(name, 0);
  if (name === '') return refuse('the URL has no host');
  if (DENIED_NAME.test(name)) return refuse(`"${name}" is a name of this machine or its network`);
  if (!name.includes('.')) return refuse(`"${name}" is a name without a domain`);
  return OK;
}

function checkV4(address: ipaddr.IPv4, shown: string): GuardVerdict {
  return DENIED_V4.some((range) => address.match(range)) ? refuse(`${shown} is not a public address`) : OK;
}

function checkV6(address: ipaddr.IPv6, shown: string): GuardVerdict {
  if (address.zoneId) return refuse(`${shown} is bound to a network interface`);
  if (CARRIES_V4.some((range) => address.match(range))) {
    return checkV4(new ipaddr.IPv4(address.toByteArray().slice(12)), shown);
  }
  const isPublic = address.match(ALLOWED_V6) && !DENIED_V6.some((range) => address.match(range));
  return isPublic ? OK : refuse(`${shown} is not a public address`);
}

/** Lower case, without brackets and trailing dots; IPv6 in one spelling. */
function canonicalHost(host: string): string {
  const bare = trimEndOf(stripBrackets(host.toLowerCase()), '.');
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare).toNormalizedString() : bare;
}

function stripBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function refuse(reason: string): GuardVerdict {
  return { ok: false, reason };
}
