import { Group, Stack, Text } from '@mantine/core';
import { plural } from '#components/format.ts';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiNode } from '#lib/api/node.ts';
import { NodeName, NodeState } from './node-facts.tsx';
import { NodeMenu } from './node-menu.tsx';
import { NodeScale } from './node-scale.tsx';
import { UsageBars } from './usage-bars.tsx';

/** A machine on a phone. */
export function NodeCard({ node }: { node: ApiNode }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <NodeName node={node} />
        </div>
        <NodeMenu node={node} />
      </Group>
      <NodeState node={node} />
      <Group justify="space-between" gap="sm" align="flex-start">
        <UsageBars node={node} />
        <div>
          <Text size="xs" c="dimmed">
            Workers
          </Text>
          <NodeScale node={node} />
        </div>
      </Group>
      <Text size="xs" c="dimmed" component="div">
        {plural(node.activeWork, 'session')} running · {plural(node.errors, 'error')},{' '}
        {plural(node.warnings, 'warning')} · seen <RelativeTime at={node.lastSeenAt} />
      </Text>
    </Stack>
  );
}
