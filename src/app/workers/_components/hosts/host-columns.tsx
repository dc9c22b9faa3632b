import { Anchor } from '@mantine/core';
import type { OpsColumn } from '#components/ops-table.tsx';
import type { ApiHost } from '#lib/api/host.ts';
import { HostAnswer, HostPace, HostStateCell, waitingInWords } from './host-facts.tsx';
import { RobotsCell } from './robots-cell.tsx';

/** @param onOpen shows the details of a host. */
export function hostColumns(onOpen: (hostKey: string) => void): OpsColumn<ApiHost>[] {
  return [
    {
      key: 'host',
      title: 'Host',
      render: ({ hostKey }) => <HostName hostKey={hostKey} onOpen={() => onOpen(hostKey)} />,
    },
    { key: 'state', title: 'State', width: 210, render: (host) => <HostStateCell host={host} /> },
    { key: 'gap', title: 'Asked every', width: 140, render: (host) => <HostPace host={host} /> },
    { key: 'robots', title: 'robots.txt', width: 140, render: ({ robots }) => <RobotsCell robots={robots} /> },
    {
      key: 'waiting',
      title: 'Waiting',
      width: 84,
      align: 'right',
      hiddenBelow: 75,
      render: waitingInWords,
    },
    { key: 'answer', title: 'Last answer', width: 150, hiddenBelow: 75, render: (host) => <HostAnswer host={host} /> },
  ];
}

export function HostName({ hostKey, onOpen }: { hostKey: string; onOpen: () => void }) {
  return (
    <Anchor
      component="button"
      type="button"
      size="sm"
      fw={600}
      ta="left"
      style={{ overflowWrap: 'anywhere' }}
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      {hostKey}
    </Anchor>
  );
}
