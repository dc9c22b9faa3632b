import type { PasswordSafe } from './password-safe.ts';
import type { ProxyStore, SealedProxy } from './proxy-store.ts';
import type { ProxyEndpoint } from './proxy-url.ts';

/** A proxy that requests may go through, as it was a few seconds ago. */
export interface PooledProxy {
  endpoint: ProxyEndpoint;
  status: 'active' | 'testing';
  tier: number;
  maxInflight: number;
  successRate: number | null;
  avgResponseTimeMs: number | null;
}

/** A host that refuses a proxy, or did within the last day. Times by `performance.now()`. */
export interface KnownBan {
  untilMs: number;
}

export interface PoolSnapshot {
  proxies: Map<number, PooledProxy>;
  /** By banKey(). */
  bans: Map<string, KnownBan>;
  /** Proxies whose password this machine cannot read. */
  unreadable: number;
}

export const banKey = (proxyId: number, hostKey: string) => `${proxyId} ${hostKey}`;

/** Reads all proxies that may be used, with their passwords, and who bans them. */
export async function readPool(store: Pick<ProxyStore, 'listUsable'>, passwords: PasswordSafe): Promise<PoolSnapshot> {
  const { proxies: usable, bans } = await store.listUsable();
  const nowMs = performance.now();
  const proxies = usable.flatMap((proxy): [number, PooledProxy][] => {
    const endpoint = toEndpoint(proxy, passwords);
    const { status, tier, maxInflight, successRate, avgResponseTimeMs } = proxy;
    if (endpoint === null) return [];
    return [[proxy.id, { endpoint, status, tier, maxInflight, successRate, avgResponseTimeMs }]];
  });
  passwords.keepOnly(usable.map(({ passwordEncrypted }) => passwordEncrypted));
  return {
    proxies: new Map(proxies),
    bans: new Map(bans.map((ban) => [banKey(ban.proxyId, ban.hostKey), { untilMs: nowMs + ban.remainingMs }])),
    unreadable: usable.length - proxies.length,
  };
}

/** One proxy with its password, whatever its state; null when it is gone or its password cannot be read here. */
export async function readEndpoint(
  store: Pick<ProxyStore, 'find'>,
  passwords: PasswordSafe,
  id: number,
): Promise<ProxyEndpoint | null> {
  const proxy = await store.find(id);
  return proxy === null ? null : toEndpoint(proxy, passwords);
}

function toEndpoint({ id, protocol, host, port, username, passwordEncrypted }: SealedProxy, passwords: PasswordSafe) {
  const password = passwords.open(passwordEncrypted);
  return password.kind === 'unreadable' ? null : { id, protocol, host, port, username, password: password.text };
}
