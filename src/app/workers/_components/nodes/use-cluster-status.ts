import { useQuery } from '@tanstack/react-query';
import { getJson } from '#components/api/api-client.ts';
import { CLUSTER_KEY } from '#components/api/query-keys.ts';
import { useLive } from '#components/live-provider.tsx';
import type { ApiClusterStatus } from '#lib/api/node.ts';

/** How busy a machine is changes all the time, which nobody announces. */
const LOOK_AGAIN_MS = 10_000;

export function useClusterStatus() {
  const isPaused = useLive().state === 'paused';
  return useQuery({
    queryKey: CLUSTER_KEY,
    queryFn: ({ signal }) => getJson<ApiClusterStatus>('/api/cluster/status', signal),
    refetchInterval: isPaused ? false : LOOK_AGAIN_MS,
  });
}
