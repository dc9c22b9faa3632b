import { Group, Stack, Text } from '@mantine/core';
import { formatRatio } from '#components/format.ts';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiProxy } from '#lib/api/proxy.ts';
import { ProxyBans } from './proxy-bans.tsx';
import { formatLatency } from './proxy-columns.tsx';
import { ExitAddress, ProxyName, ProxyState } from './proxy-facts.tsx';
import { ProxyMenu } from './proxy-menu.tsx';

/** A proxy on a phone. */
export function ProxyCard({ proxy }: { proxy: ApiProxy }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <ProxyName proxy={proxy} />
        </div>
        <ProxyMenu proxy={proxy} />
      </Group>
      <ProxyState proxy={proxy} />
      <Text size="xs" c="dimmed" component="div">
        {formatRatio(proxy.successRate)} success · {formatLatency(proxy.avgResponseTimeMs)} · tier {proxy.tier} ·
        checked {proxy.lastCheckedAt === null ? 'not yet' : <RelativeTime at={proxy.lastCheckedAt} />}
      </Text>
      <ExitAddress proxy={proxy} />
      {proxy.bans.length > 0 && (
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            Refused by
          </Text>
          <ProxyBans proxy={proxy} />
        </Group>
      )}
    </Stack>
  );
}
