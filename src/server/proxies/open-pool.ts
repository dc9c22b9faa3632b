import { ProxyPool } from '#workers/proxy/proxy-pool.ts';
import type { ServerContext } from '../context.ts';

/** What changes of the pool need. */
export type PoolContext = Pick<ServerContext, 'db' | 'env' | 'publisher'>;

export function openPool({ db, env }: PoolContext): ProxyPool {
  return new ProxyPool({ db, key: env.EKO_SECRET_KEY ?? null, allowAddresses: env.EKO_ALLOW_ADDRESSES });
}
