import { type FetchFailure, FetchFailureError } from '../http-outcome.ts';
import type { EndpointGuard } from './endpoint-guard.ts';
import { openGuarded, openTrusted } from './open-socket.ts';
import type { Opener } from './opener.ts';
import type { Path } from './plan-path.ts';
import { dnsSilent, type ResolveHost } from './resolve-host.ts';
import type { SecureSocket } from './secure-socket.ts';
import { type ConnectProxy, connectProxy, throughProxy } from './through-proxy.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface PathParts {
  guard: EndpointGuard;
  resolve: ResolveHost;
  /** For TLS with proxies: HTTP/1.1 only. */
  secureProxy: SecureSocket;
}

/** Stacks the openers of a path. What comes out ends at the site, or at the proxy that forwards to it. */
export function openPath(path: Path, parts: PathParts): Opener {
  const { guard, resolve, secureProxy } = parts;
  if (path.kind === 'direct') return openGuarded(guard);
  if (path.kind === 'pool-tunnel') return checkedByAddress(guard, throughProxy(path.pool, connectPool(path, parts)));
  const connect = connectProxy(path.system, openTrusted(resolve), secureProxy);
  if (path.kind === 'system-tunnel') return checkedByName(guard, throughProxy(path.system, connect));
  return (_proxy, signal) => connect(signal);
}

/** A proxy of the pool is somebody else's: its own address has to be a public one, too. */
function connectPool(path: Extract<Path, { kind: 'pool-tunnel' }>, parts: PathParts): ConnectProxy {
  const { guard, resolve, secureProxy } = parts;
  if (path.system === null) return connectProxy(path.pool, openGuarded(guard), secureProxy);
  const connectSystem = connectProxy(path.system, openTrusted(resolve), secureProxy);
  const openBySystem = checkedByName(guard, throughProxy(path.system, connectSystem));
  return blamingSystem(connectProxy(path.pool, openBySystem, secureProxy));
}

/**
 * Resolves the name here and asks for the address that was checked, so the DNS of a stranger's proxy cannot lead elsewhere.
 * IPv4 is preferred, because few proxies have IPv6; there is no second try with another address.
 */
function checkedByAddress(guard: EndpointGuard, open: Opener): Opener {
  return async (endpoint, signal) => {
    const addresses = await unlessAborted(guard.resolve(endpoint), signal, () => dnsSilent(endpoint.host));
    const { address } = addresses.find(({ family }) => family === 4) ?? addresses[0];
    return await open({ host: address, port: endpoint.port }, signal);
  };
}

/** The operator's own proxy is told the name: in a company's network, its DNS may be the only one that knows it. */
function checkedByName(guard: EndpointGuard, open: Opener): Opener {
  return async (endpoint, signal) => {
    await unlessAborted(guard.checkUnresolved(endpoint), signal, () => dnsSilent(endpoint.host));
    return await open(endpoint, signal);
  };
}

/**
 * Where the system's proxy says that it cannot reach a proxy of the pool, the latter is unreachable. The troubles of the
 * system's proxy itself are those of our own network, and nobody in the pool is to blame.
 */
function blamingSystem(connect: ConnectProxy): ConnectProxy {
  return async (signal) => {
    try {
      return await connect(signal);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null;
      const isOurs = cause instanceof FetchFailureError && SYSTEM_TROUBLES.includes(cause.failure);
      throw isOurs ? new FetchFailureError('network', `The system's own proxy failed: ${cause.message}`, cause) : error;
    }
  };
}

const SYSTEM_TROUBLES: readonly FetchFailure[] = ['proxy-unreachable', 'proxy-auth', 'proxy-broken'];
