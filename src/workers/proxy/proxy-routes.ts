import type { ProxyEndpoint } from './proxy-url.ts';

/** What a request wants of its proxy. */
export interface ProxyRequest {
  hostKey: string;
  /** Requests with the same key keep their proxy while it works. */
  stickyKey: string;
  /** Proxies of this tier and below may be used. */
  maxTier: number;
  /** Proxies that were never checked may be used too. */
  uncheckedToo: boolean;
  /** Proxies that this page was already refused by, or that failed it. */
  avoid: readonly number[];
}

/** How a use of a proxy went, as far as the proxy is concerned. */
export interface ProxyUse {
  /**
   * `success`: the site answered, whatever it said. `fault`: the proxy failed. `half-fault`: it broke behind the proxy, which may
   * or may not be to blame. `bad-credentials`: 407. `ban`: the site refuses this proxy. `neutral`: says nothing.
   */
  effect: 'success' | 'fault' | 'half-fault' | 'bad-credentials' | 'ban' | 'neutral';
  durationMs: number;
  error?: string;
}

/** A place on a proxy. `report` gives it back; only the first call counts. */
export interface ProxyLease {
  proxy: ProxyEndpoint;
  /** Resolves at once, except for a ban, which is in force for all workers when it resolves. Never rejects. */
  report(use: ProxyUse): Promise<void>;
}

/** The proxies as the fetch stack sees them. */
export interface ProxyRoutes {
  /**
   * Picks a proxy for one request.
   * @throws NoProxyError when none may be used for this host now; the session waits, nothing goes direct. The error of a database
   *   that is away for longer than a minute, which is safe to repeat.
   */
  acquire(request: ProxyRequest): Promise<ProxyLease>;
}
