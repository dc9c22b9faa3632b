'use client';

import { Table, Text } from '@mantine/core';
import { IconRoute } from '@tabler/icons-react';
import { useProxies } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { formatCount, formatRatio } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { PROXY_WORDS } from '#components/state-words.ts';
import type { ApiProxy } from '#lib/api-types.ts';
import classes from './plain-table.module.css';

/** The proxies as they are. */
export function ProxiesPanel() {
  const proxies = useProxies().data?.items;
  return (
    <Panel
      title="Proxies"
      hint={proxies === undefined || proxies.length === 0 ? undefined : `${formatCount(proxies.length)} known`}
      flush
    >
      {proxies !== undefined && proxies.length > 0 ? <ProxyTable proxies={proxies} /> : <NoProxies />}
    </Panel>
  );
}

function NoProxies() {
  return (
    <EmptyPanel icon={IconRoute} title="No proxies">
      None is needed: open data is asked for directly, and politely. Proxies that a source uses are listed here with
      their health.
    </EmptyPanel>
  );
}

function ProxyTable({ proxies }: { proxies: readonly ApiProxy[] }) {
  return (
    <Table fz="sm" verticalSpacing={6} horizontalSpacing="md" className={classes.table} aria-label="Proxies">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Proxy</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th ta="right">Success</Table.Th>
          <Table.Th ta="right">Requests</Table.Th>
          <Table.Th ta="right">Response</Table.Th>
          <Table.Th>Last used</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {proxies.map((proxy) => (
          <ProxyRow key={proxy.id} proxy={proxy} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function ProxyRow({ proxy }: { proxy: ApiProxy }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Text span size="xs" ff="monospace">
          {proxy.protocol}://{proxy.host}:{proxy.port}
        </Text>
        {proxy.lastError !== null && (
          <Text size="xs" c="dimmed">
            {proxy.lastError}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <StateLabel state={PROXY_WORDS[proxy.status]} />
        {proxy.status === 'cooling' && proxy.coolingUntil !== null && (
          <Text size="xs" c="dimmed" component="div">
            ready <RelativeTime at={proxy.coolingUntil} />
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right" data-label="Success">
        {formatRatio(proxy.successRate)}
      </Table.Td>
      <Table.Td ta="right" data-label="Requests">
        {formatCount(proxy.successCount + proxy.failureCount)}
      </Table.Td>
      <Table.Td ta="right" data-label="Response">
        {proxy.avgResponseTimeMs === null ? '–' : `${formatCount(proxy.avgResponseTimeMs)} ms`}
      </Table.Td>
      <Table.Td data-label="Last used">
        {proxy.lastUsedAt === null ? 'never' : <RelativeTime at={proxy.lastUsedAt} />}
      </Table.Td>
    </Table.Tr>
  );
}
