import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '#components/api/api-client.ts';
import { CLUSTER_KEY } from '#components/api/query-keys.ts';
import { plural } from '#components/format.ts';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import type { ApiClusterStatus, ApiNode } from '#lib/api/node.ts';

/** What people ask of a machine. `workers` null: as many as it was started with. */
export type NodeOrder = { do: 'pause' | 'drain' | 'resume' } | { do: 'scale'; workers: number | null };

/** Sends orders to one machine. The answer is shown at once; what the machine makes of it comes with the next look. */
export function useNodeOrder(nodeId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (order: NodeOrder) => {
      const { do: verb, ...body } = order;
      return postJson<ApiNode>(`/api/nodes/${encodeURIComponent(nodeId)}/${verb}`, body);
    },
    onSuccess: (node, order) => {
      queryClient.setQueryData<ApiClusterStatus>(CLUSTER_KEY, (status) => status && withNode(status, node));
      notifyDone(describe(node, order));
    },
    onError: notifyProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['workers'] }),
  });
}

function withNode(status: ApiClusterStatus, node: ApiNode): ApiClusterStatus {
  return { ...status, items: status.items.map((item) => (item.nodeId === node.nodeId ? node : item)) };
}

function describe({ nodeId, desiredWorkers }: ApiNode, order: NodeOrder): string {
  switch (order.do) {
    case 'pause':
      return `${nodeId} claims nothing new; what runs goes on`;
    case 'drain':
      return `The workers of ${nodeId} finish what they run and leave`;
    case 'resume':
      return `${nodeId} works again`;
    case 'scale':
      return `${nodeId} goes to ${plural(desiredWorkers, 'worker')}`;
  }
}
