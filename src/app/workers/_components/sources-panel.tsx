'use client';

import { Table } from '@mantine/core';
import { useSummary } from '#components/api/queries.ts';
import { formatCount, formatRatio } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { useSourceLabel } from '#components/use-source-label.ts';
import type { ApiSourceMetrics, ApiSourceWindow } from '#lib/api/worker.ts';
import classes from './plain-table.module.css';

const WINDOWS = [
  { key: 'lastHour', label: 'Last hour' },
  { key: 'last24h', label: 'Last 24 hours' },
] as const satisfies { key: keyof ApiSourceMetrics; label: string }[];

/** What each source brought. */
export function SourcesPanel() {
  const sources = useSummary().data?.sources ?? [];
  return (
    <Panel title="Sources" hint="by the attempts that ended" flush>
      <Table
        fz="sm"
        verticalSpacing={6}
        horizontalSpacing="md"
        className={classes.table}
        aria-label="Figures per source"
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Source</Table.Th>
            <Table.Th>Time</Table.Th>
            <Table.Th ta="right">Leads</Table.Th>
            <Table.Th ta="right">New</Table.Th>
            <Table.Th ta="right">Requests</Table.Th>
            <Table.Th ta="right">Failed requests</Table.Th>
            <Table.Th ta="right">Attempts</Table.Th>
            <Table.Th ta="right">Success</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sources.flatMap((source) =>
            WINDOWS.map(({ key, label }) => (
              <WindowRow key={`${source.source} ${key}`} source={source.source} label={label} figures={source[key]} />
            )),
          )}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function WindowRow({ source, label, figures }: { source: string; label: string; figures: ApiSourceWindow }) {
  const labelOf = useSourceLabel();
  const cells: [string, string][] = [
    ['Leads', formatCount(figures.leadsFound)],
    ['New', formatCount(figures.leadsNew)],
    ['Requests', formatCount(figures.requestsMade)],
    ['Failed requests', formatCount(figures.requestsFailed)],
    ['Attempts', formatCount(figures.attempts)],
    ['Success', formatRatio(figures.successRate)],
  ];
  return (
    <Table.Tr>
      <Table.Td>{labelOf(source)}</Table.Td>
      <Table.Td>{label}</Table.Td>
      {cells.map(([name, text]) => (
        <Table.Td key={name} ta="right" data-label={name}>
          {text}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
