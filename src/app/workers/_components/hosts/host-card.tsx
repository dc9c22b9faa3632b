import { Group, Stack, Text } from '@mantine/core';
import { formatMs } from '#components/format.ts';
import type { ApiHost } from '#lib/api/host.ts';
import { HostName } from './host-columns.tsx';
import { GAP_REASONS, HostStateCell, waitingInWords } from './host-facts.tsx';
import { RobotsCell } from './robots-cell.tsx';

/** A host on a phone. */
export function HostCard({ host, onOpen }: { host: ApiHost; onOpen: () => void }) {
  return (
    <Stack gap={4} align="stretch">
      <HostName hostKey={host.hostKey} onOpen={onOpen} />
      <div>
        <HostStateCell host={host} />
      </div>
      <Text size="xs" c="dimmed" component="div">
        Asked every {formatMs(host.gapMs)}, {GAP_REASONS[host.gapReason]}
        {host.waitingSessions > 0 &&
          ` · ${waitingInWords(host)} ${host.waitingSessions === 1 ? 'session' : 'sessions'} waiting`}
      </Text>
      <Group gap={6} align="baseline">
        <Text size="xs" c="dimmed">
          robots.txt
        </Text>
        <div>
          <RobotsCell robots={host.robots} />
        </div>
      </Group>
    </Stack>
  );
}
