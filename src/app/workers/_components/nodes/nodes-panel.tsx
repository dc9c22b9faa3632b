'use client';

import { Code, Stack } from '@mantine/core';
import { IconServer2 } from '@tabler/icons-react';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useProblem } from '#components/use-problem.ts';
import { NODE_STATUSES } from '#lib/db/schema/vocabulary.ts';
import { countsInWords } from '../state-counts.ts';
import { NodeCard } from './node-card.tsx';
import { NODE_COLUMNS } from './node-columns.tsx';
import { NODE_WORDS } from './node-words.ts';
import { useClusterStatus } from './use-cluster-status.ts';

/** The machines: how they are, and everything that people can ask of them. */
export function NodesPanel() {
  const cluster = useClusterStatus();
  const problem = useProblem(cluster);
  const nodes = cluster.data?.nodes;
  return (
    <Panel
      title="Machines"
      hint={nodes && nodes.total > 0 ? countsInWords(nodes, NODE_STATUSES, NODE_WORDS) : undefined}
      flush
    >
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={cluster.refetch} />
      ) : (
        <OpsTable
          bare
          caption="Machines, those in trouble first"
          noun="machine"
          records={cluster.data?.items}
          columns={NODE_COLUMNS}
          getId={({ nodeId }) => nodeId}
          renderCard={(node) => <NodeCard node={node} />}
          empty={<NoNodes />}
        />
      )}
    </Panel>
  );
}

function NoNodes() {
  return (
    <EmptyPanel icon={IconServer2} title="No machine is working">
      <Stack gap="xs" align="center">
        <span>Each machine with a worker manager shows here. Start one in the project’s folder:</span>
        <Code block>npm run workers:start</Code>
      </Stack>
    </EmptyPanel>
  );
}
