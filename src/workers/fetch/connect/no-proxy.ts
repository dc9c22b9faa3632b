import ipaddr from 'ipaddr.js';
import type { Endpoint } from './opener.ts';

/** Whether an endpoint is to be reached without the system's proxy. */
export type NoProxyRule = (endpoint: Endpoint) => boolean;

/**
 * Reads NO_PROXY: entries separated by commas or spaces. `*` is everything; `example.com` that host alone; `.example.com` and
 * `*.example.com` its subdomains and itself; `10.0.0.0/8` the literal addresses of a network. All but the last may end in a
 * `:port`.
 */
export function parseNoProxy(text: string): NoProxyRule[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseEntry);
}

function parseEntry(entry: string): NoProxyRule {
  if (entry === '*') return () => true;
  if (ipaddr.isValidCIDR(entry)) return inNetwork(ipaddr.parseCIDR(entry));
  const { host, port } = splitPort(entry);
  const names = host.startsWith('*.') || host.startsWith('.') ? domainOf(host.replace(/^\*?\./, '')) : sameHost(host);
  return (endpoint) => (port === null || endpoint.port === port) && names(endpoint);
}

function inNetwork(network: [ipaddr.IPv4 | ipaddr.IPv6, number]): NoProxyRule {
  return ({ host }) => {
    if (!ipaddr.isValid(host)) return false;
    const address = ipaddr.process(host);
    return address.kind() === network[0].kind() && address.match(network);
  };
}

function domainOf(domain: string): NoProxyRule {
  return ({ host }) => {
    const name = host.toLowerCase().replace(/\.$/, '');
    return name === domain || name.endsWith(`.${domain}`);
  };
}

function sameHost(wanted: string): NoProxyRule {
  const canonical = ipaddr.isValid(wanted) ? ipaddr.process(wanted).toString() : wanted;
  return ({ host }) => {
    const name = ipaddr.isValid(host) ? ipaddr.process(host).toString() : host.toLowerCase().replace(/\.$/, '');
    return name === canonical;
  };
}

/** `[::1]:80`, `host:80`, `::1` and `host`. */
function splitPort(entry: string): { host: string; port: number | null } {
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  return { host: bracketed ?? plain ?? entry, port: port === undefined ? null : Number(port) };
}
