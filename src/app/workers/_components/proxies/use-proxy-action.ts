import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteJson, postJson } from '#components/api/api-client.ts';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import type { ApiProxy } from '#lib/api/proxy.ts';
import { proxyAddress } from './proxy-facts.tsx';

export type ProxyAction = 'test' | 'disable' | 'enable' | 'remove';

const DONE: Record<ProxyAction, (address: string) => string> = {
  test: (address) => `${address} is tested next; its row shows the result`,
  disable: (address) => `${address} is no longer used`,
  enable: (address) => `${address} is tested, then used again`,
  remove: (address) => `${address} is removed`,
};

/** What people do to one proxy. The result is in its row, which the list brings. */
export function useProxyAction(proxy: ApiProxy) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (action: ProxyAction) => send(proxy.id, action),
    onSuccess: (_answer, action) => notifyDone(DONE[action](proxyAddress(proxy))),
    onError: notifyProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['proxies'] }),
  });
}

function send(id: number, action: ProxyAction): Promise<unknown> {
  return action === 'remove' ? deleteJson(`/api/proxies/${id}`) : postJson(`/api/proxies/${id}/${action}`);
}
