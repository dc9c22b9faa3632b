import { ActionIcon, Menu, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconArrowBackUp, IconDoorExit, IconDots, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { plural } from '#components/format.ts';
import { useMayWrite } from '#components/use-may-write.ts';
import type { ApiNode } from '#lib/api/node.ts';
import { useNodeOrder } from './use-node-order.ts';

export function NodeMenu({ node }: { node: ApiNode }) {
  const { nodeId, mode, scaled, configuredWorkers } = node;
  const mayWrite = useMayWrite();
  const order = useNodeOrder(nodeId);
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={`Actions for ${nodeId}`}
          loading={order.isPending}
          disabled={!mayWrite}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {mode !== 'active' && (
          <Menu.Item
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            onClick={() => order.mutate({ do: 'resume' })}
          >
            Resume
          </Menu.Item>
        )}
        {mode !== 'paused' && (
          <Menu.Item
            leftSection={<IconPlayerPause size={16} aria-hidden />}
            onClick={() => order.mutate({ do: 'pause' })}
          >
            Pause
          </Menu.Item>
        )}
        {mode !== 'draining' && (
          <Menu.Item
            leftSection={<IconDoorExit size={16} aria-hidden />}
            onClick={() => askToDrain(node, () => order.mutate({ do: 'drain' }))}
          >
            Drain…
          </Menu.Item>
        )}
        {scaled && (
          <Menu.Item
            leftSection={<IconArrowBackUp size={16} aria-hidden />}
            onClick={() => order.mutate({ do: 'scale', workers: null })}
          >
            Back to {plural(configuredWorkers, 'worker')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function askToDrain({ nodeId, activeWork }: ApiNode, drain: () => void): void {
  const running = activeWork === 0 ? '' : ` It runs ${plural(activeWork, 'session')} now.`;
  modals.openConfirmModal({
    title: 'Drain this machine?',
    children: (
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        The workers of {nodeId} claim nothing more, finish what they run or hand it back after 5 minutes, and leave.
        {running} Others do its work until you resume it. To keep its workers ready, pause it instead.
      </Text>
    ),
    labels: { confirm: 'Drain the machine', cancel: 'Leave it as it is' },
    onConfirm: drain,
  });
}
