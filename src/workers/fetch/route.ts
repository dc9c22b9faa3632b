import type { ProxyEndpoint } from '../proxy/proxy-url.ts';

/** How a request leaves this machine. */
export type Route = { kind: 'direct' } | { kind: 'proxy'; proxy: ProxyEndpoint };

export const DIRECT: Route = { kind: 'direct' };
