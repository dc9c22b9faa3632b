import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '#components/api/api-client.ts';
import type { ApiProxyImport, ApiProxyRequest } from '#lib/api/proxy.ts';

/** Adds one proxy or a list of them. The answer says what became of each line. */
export function useImportProxies(onDone: (result: ApiProxyImport) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (request: ApiProxyRequest) => postJson<ApiProxyImport>('/api/proxies', request),
    onSuccess: onDone,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['proxies'] }),
  });
}
