import { ProxyPool } from '#workers/proxy/proxy-pool.ts';
import { QueueNotifier } from '#workers/queue/queue-notifier.ts';
import type { ServerContext } from '../context.ts';

/** What changes of the pool need. */
export type PoolContext = Pick<ServerContext, 'db' | 'env' | 'publisher'>;

export function openPool({ db, env }: PoolContext): ProxyPool {
  return new ProxyPool({ db, key: env.EKO_SECRET_KEY ?? null, allowAddresses: env.EKO_ALLOW_ADDRESSES });
}

/** Tells open pages that the pool has changed, and wakes workers, for there may be proxies to check. */
export function announcePool({ db, publisher }: PoolContext): void {
  publisher.publish(['proxies']);
  new QueueNotifier(db).notify('ready');
}
