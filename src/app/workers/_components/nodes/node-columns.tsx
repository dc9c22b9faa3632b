import type { OpsColumn } from '#components/ops-table.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiNode } from '#lib/api/node.ts';
import { NodeName, NodeState, NodeWork } from './node-facts.tsx';
import { NodeMenu } from './node-menu.tsx';
import { NodeScale } from './node-scale.tsx';
import { UsageBars } from './usage-bars.tsx';

export const NODE_COLUMNS: OpsColumn<ApiNode>[] = [
  { key: 'node', title: 'Machine', width: 180, render: (node) => <NodeName node={node} /> },
  { key: 'state', title: 'State', render: (node) => <NodeState node={node} /> },
  { key: 'usage', title: 'In use', width: 210, render: (node) => <UsageBars node={node} /> },
  { key: 'workers', title: 'Workers', width: 118, render: (node) => <NodeScale node={node} /> },
  { key: 'work', title: 'Runs', width: 150, hiddenBelow: 75, render: (node) => <NodeWork node={node} /> },
  { key: 'seen', title: 'Seen', width: 104, render: ({ lastSeenAt }) => <RelativeTime at={lastSeenAt} /> },
  {
    key: 'actions',
    title: 'Actions',
    titleHidden: true,
    width: 52,
    align: 'right',
    render: (node) => <NodeMenu node={node} />,
  },
];
