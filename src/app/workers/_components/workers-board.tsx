'use client';

import { Stack } from '@mantine/core';
import { PageHeader } from '#components/page-header.tsx';
import { BotsPanel } from './bots/bots-panel.tsx';
import { FiguresRow } from './figures-row.tsx';
import { HistoryPanel } from './history/history-panel.tsx';
import { HostsPanel } from './hosts/hosts-panel.tsx';
import { KpiRow } from './nodes/kpi-row.tsx';
import { NodesPanel } from './nodes/nodes-panel.tsx';
import { ProxiesPanel } from './proxies/proxies-panel.tsx';
import { SourcesPanel } from './sources-panel.tsx';
import { TokensPanel } from './tokens/tokens-panel.tsx';
import { WorkersTable } from './workers-table.tsx';

export function WorkersBoard() {
  return (
    <>
      <PageHeader title="Workers" hint="The processes that scrape, on all machines that share the database." />
      <Stack gap="md">
        <FiguresRow />
        <KpiRow />
        <NodesPanel />
        <WorkersTable />
        <BotsPanel />
        <HostsPanel />
        <ProxiesPanel />
        <SourcesPanel />
        <HistoryPanel />
        <TokensPanel />
      </Stack>
    </>
  );
}
