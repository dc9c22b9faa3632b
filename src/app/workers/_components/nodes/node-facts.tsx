import { Group, Text } from '@mantine/core';
import { formatCount, plural } from '#components/format.ts';
import { StateLabel } from '#components/state-label.tsx';
import type { ApiNode } from '#lib/api/node.ts';
import { effectOf, MODE_WORDS, NODE_WORDS } from './node-words.ts';

export function NodeName({ node: { nodeId, hostname, version } }: { node: ApiNode }) {
  const details = [hostname === nodeId ? null : hostname, version === null ? null : `version ${version}`];
  return (
    <>
      <Text size="xs" ff="monospace" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {nodeId}
      </Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {details.filter((detail) => detail !== null).join(', ')}
      </Text>
    </>
  );
}

/** How it is, what people want of it, what that means for the work, and why. */
export function NodeState({ node }: { node: ApiNode }) {
  const mode = MODE_WORDS[node.mode];
  const effect = effectOf(node);
  return (
    <>
      <Group gap="xs" style={{ rowGap: 2 }}>
        <StateLabel state={NODE_WORDS[node.status]} />
        {mode !== null && <StateLabel state={mode} />}
      </Group>
      {effect !== null && <Text size="xs">{effect}</Text>}
      {node.statusReasons.map((reason) => (
        <Text key={reason} size="xs" c="dimmed">
          {reason}
        </Text>
      ))}
    </>
  );
}

/** What it does now, and what went wrong since it started. */
export function NodeWork({ node: { activeWork, errors, warnings } }: { node: ApiNode }) {
  return (
    <>
      <Text size="sm">{plural(activeWork, 'session')}</Text>
      <Text size="xs" c="dimmed">
        {formatCount(errors)} {errors === 1 ? 'error' : 'errors'}, {formatCount(warnings)}{' '}
        {warnings === 1 ? 'warning' : 'warnings'}
      </Text>
    </>
  );
}
