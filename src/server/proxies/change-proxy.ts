import type { ApiProxy } from '#lib/api/proxy.ts';
import { ApiError } from '../api-error.ts';
import { findProxy } from './list-proxies.ts';
import { announcePool, openPool, type PoolContext } from './open-pool.ts';

/**
 * `test`: checked as soon as a worker sees it. `disable`: no request goes through it any more. `enable`: starts afresh.
 * @returns the proxy as it is then.
 * @throws ApiError 404, or 409 for a test of a disabled one.
 */
export async function changeProxy(
  context: PoolContext,
  id: number,
  change: 'test' | 'disable' | 'enable',
): Promise<ApiProxy> {
  const pool = openPool(context);
  const status = await {
    test: () => pool.checkNow(id),
    disable: () => pool.disable(id),
    enable: () => pool.enable(id),
  }[change]();
  if (status === null) throw proxyNotFound(id);
  if (change === 'test' && status === 'disabled') {
    throw new ApiError('proxy_disabled', `The proxy ${id} is disabled; enable it, and it is tested at once.`);
  }
  announcePool(context);
  const proxy = await findProxy(context.db, id);
  if (proxy === null) throw proxyNotFound(id);
  return proxy;
}

/** Removes a proxy with its bans. @throws ApiError 404. */
export async function removeProxy(context: PoolContext, id: number): Promise<void> {
  if (!(await openPool(context).remove(id))) throw proxyNotFound(id);
  announcePool(context);
}

function proxyNotFound(id: number): ApiError {
  return new ApiError('not_found', `There is no proxy ${id}.`, { details: [{ field: 'id', message: 'is not known' }] });
}
