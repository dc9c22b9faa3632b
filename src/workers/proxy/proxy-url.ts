import { InvalidInputError } from '#lib/errors.ts';

export interface ProxyAddress {
  protocol: 'http' | 'https' | 'socks5';
  host: string;
  port: number;
  username: string | null;
  password: string | null;
}

/** A proxy of the pool, ready to be connected to. */
export interface ProxyEndpoint extends ProxyAddress {
  id: number;
}

const DEFAULT_PORTS = { http: 80, https: 443, socks5: 1080 } as const;

/**
 * Reads `[http|https|socks5://][user:password@]host[:port]`; without a scheme it is http. The password never appears in
 * a message.
 * @throws InvalidInputError that names what is wrong.
 */
export function parseProxyUrl(text: string): ProxyAddress {
  const trimmed = text.trim();
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  if (url === null || url.hostname === '') throw invalid(trimmed, 'is not a proxy address such as "http://host:8080"');
  const protocol = url.protocol.slice(0, -1);
  if (protocol !== 'http' && protocol !== 'https' && protocol !== 'socks5') {
    throw invalid(trimmed, `has the scheme "${protocol}"; known are http, https and socks5`);
  }
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    throw invalid(trimmed, 'has a path; a proxy is only a host and a port');
  }
  const port = url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port);
  if (port === 0) throw invalid(trimmed, 'has the port 0');
  // Hosts of schemes that the URL standard does not know stay as they were typed: "0x7f.1", "PROXY.example".
  const host = URL.parse(`http://${url.hostname}`)?.hostname;
  if (!host) throw invalid(trimmed, 'has a host that is neither a name nor an address');
  return {
    protocol,
    host,
    port,
    username: decode(url.username, trimmed) || null,
    password: decode(url.password, trimmed) || null,
  };
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw invalid(text, 'has a user name or password with a broken % escape', cause);
  }
}

function invalid(text: string, problem: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`The proxy "${withoutSecrets(text)}" ${problem}`, {
    context: { field: 'url', problem },
    cause,
  });
}

/** Scheme, host and port: whatever else is there may be a password in the wrong place. */
function withoutSecrets(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? [];
  const at = rest.lastIndexOf('@');
  const place = rest.slice(at + 1);
  const [shown = ''] = /^(\[[^\]]*\]|[^:/?#\s]*)(:\d{1,5}(?!\d))?/.exec(place) ?? [];
  return `${scheme}${at < 0 ? '' : '…@'}${shown}${shown === place ? '' : '…'}`.slice(0, 200);
}
