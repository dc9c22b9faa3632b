import type { ProxyAddress } from '#workers/proxy/proxy-url.ts';
import type { Route } from '../route.ts';
import { chooseSystemProxy, type SystemProxy } from './system-proxy.ts';

/** The machines between us and the site. */
export type Path =
  | { kind: 'direct' }
  /** A tunnel through the system's proxy, which is told the name of the site. */
  | { kind: 'system-tunnel'; system: ProxyAddress }
  /**
   * The system's proxy asks for us (RFC 9112 section 3.2.2): plain http only, because such proxies refuse tunnels to port 80.
   * What comes back may be the proxy's own words.
   */
  | { kind: 'system-forward'; system: ProxyAddress }
  /** A tunnel through a proxy of the pool, itself reached through the system's proxy where there is one. */
  | { kind: 'pool-tunnel'; pool: ProxyAddress; system: ProxyAddress | null };

/** Which way a request goes. */
export function planPath(url: URL, route: Route, system: SystemProxy): Path {
  if (route.kind === 'proxy') {
    const { protocol, host, port, username, password } = route.proxy;
    const pool = { protocol, host, port, username, password };
    // Reaching a proxy is a tunnel, whatever the proxy speaks.
    const outer = chooseSystemProxy({ protocol: 'https:', hostname: host, port: String(port) }, system);
    return { kind: 'pool-tunnel', pool, system: outer };
  }
  const proxy = chooseSystemProxy(url, system);
  if (proxy === null) return { kind: 'direct' };
  const forwards = url.protocol === 'http:' && proxy.protocol !== 'socks5';
  return { kind: forwards ? 'system-forward' : 'system-tunnel', system: proxy };
}
