import { ActionIcon, Menu, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconBan, IconDots, IconPlayerPlay, IconTestPipe, IconTrash } from '@tabler/icons-react';
import { useMayAdminister, useMayWrite } from '#components/use-may-write.ts';
import type { ApiProxy } from '#lib/api/proxy.ts';
import { proxyAddress } from './proxy-facts.tsx';
import { useProxyAction } from './use-proxy-action.ts';

export function ProxyMenu({ proxy }: { proxy: ApiProxy }) {
  const mayWrite = useMayWrite();
  const mayRemove = useMayAdminister();
  const act = useProxyAction(proxy);
  const disabled = proxy.status === 'disabled';
  return (
    <Menu position="bottom-end" width={190}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={`Actions for ${proxyAddress(proxy)}`}
          loading={act.isPending}
          disabled={!mayWrite}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconTestPipe size={16} aria-hidden />}
          disabled={disabled}
          onClick={() => act.mutate('test')}
        >
          Test now
        </Menu.Item>
        {disabled ? (
          <Menu.Item leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => act.mutate('enable')}>
            Enable
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconBan size={16} aria-hidden />} onClick={() => act.mutate('disable')}>
            Disable
          </Menu.Item>
        )}
        <Menu.Item
          c="var(--eko-bad)"
          disabled={!mayRemove}
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => askToRemove(proxy, () => act.mutate('remove'))}
        >
          Remove…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function askToRemove(proxy: ApiProxy, remove: () => void): void {
  modals.openConfirmModal({
    title: 'Remove this proxy?',
    children: (
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {proxyAddress(proxy)} is forgotten with its password, its figures and what hosts think of it. To stop using it
        for a while, disable it instead.
      </Text>
    ),
    labels: { confirm: 'Remove the proxy', cancel: 'Keep it' },
    confirmProps: { color: 'red' },
    onConfirm: remove,
  });
}
