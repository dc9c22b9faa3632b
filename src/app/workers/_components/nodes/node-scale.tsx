import { ActionIcon, Group, Text } from '@mantine/core';
import { IconMinus, IconPlus } from '@tabler/icons-react';
import { useMayWrite } from '#components/use-may-write.ts';
import type { ApiNode } from '#lib/api/node.ts';
import { WORKERS_MAX } from '#lib/workers-max.ts';
import { useNodeOrder } from './use-node-order.ts';

/** How many workers a machine has and shall have, with a button for one more and one less. */
export function NodeScale({ node }: { node: ApiNode }) {
  const { nodeId, desiredWorkers, activeWorkers, status, mode } = node;
  const mayWrite = useMayWrite();
  const order = useNodeOrder(nodeId);
  const fixed = !mayWrite || status === 'gone' || mode === 'draining' || order.isPending;
  const scale = (workers: number) => order.mutate({ do: 'scale', workers });
  return (
    <>
      <Group gap={6} wrap="nowrap">
        <ActionIcon
          variant="default"
          size={24}
          aria-label={`One worker less on ${nodeId}`}
          disabled={fixed || desiredWorkers <= 0}
          onClick={() => scale(desiredWorkers - 1)}
        >
          <IconMinus size={14} />
        </ActionIcon>
        <Text size="sm" fw={600} miw={20} ta="center" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {desiredWorkers}
        </Text>
        <ActionIcon
          variant="default"
          size={24}
          aria-label={`One worker more on ${nodeId}`}
          disabled={fixed || desiredWorkers >= WORKERS_MAX}
          onClick={() => scale(desiredWorkers + 1)}
        >
          <IconPlus size={14} />
        </ActionIcon>
      </Group>
      {activeWorkers !== desiredWorkers && status !== 'gone' && (
        <Text size="xs" c="dimmed">
          {activeWorkers} now
        </Text>
      )}
    </>
  );
}
