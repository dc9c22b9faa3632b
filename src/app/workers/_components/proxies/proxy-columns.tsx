import { Text } from '@mantine/core';
import { formatCount, formatRatio } from '#components/format.ts';
import type { OpsColumn } from '#components/ops-table.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiProxy } from '#lib/api/proxy.ts';
import { ProxyBans } from './proxy-bans.tsx';
import { ExitAddress, ProxyName, ProxyState } from './proxy-facts.tsx';
import { ProxyMenu } from './proxy-menu.tsx';

export const PROXY_COLUMNS: OpsColumn<ApiProxy>[] = [
  { key: 'proxy', title: 'Proxy', render: (proxy) => <ProxyName proxy={proxy} /> },
  { key: 'state', title: 'State', width: 148, render: (proxy) => <ProxyState proxy={proxy} /> },
  {
    key: 'success',
    title: 'Success',
    width: 92,
    align: 'right',
    render: (proxy) => <SuccessRate proxy={proxy} />,
  },
  {
    key: 'response',
    title: 'Response',
    width: 92,
    align: 'right',
    render: ({ avgResponseTimeMs }) => formatLatency(avgResponseTimeMs),
  },
  { key: 'exit', title: 'Exit address', width: 168, hiddenBelow: 75, render: (proxy) => <ExitAddress proxy={proxy} /> },
  { key: 'tier', title: 'Tier', width: 56, align: 'right', hiddenBelow: 88, render: ({ tier }) => tier },
  { key: 'bans', title: 'Refused by', width: 100, render: (proxy) => <ProxyBans proxy={proxy} /> },
  {
    key: 'checked',
    title: 'Checked',
    width: 104,
    hiddenBelow: 75,
    render: ({ lastCheckedAt }) => (lastCheckedAt === null ? 'not yet' : <RelativeTime at={lastCheckedAt} />),
  },
  {
    key: 'actions',
    title: 'Actions',
    titleHidden: true,
    width: 52,
    align: 'right',
    render: (proxy) => <ProxyMenu proxy={proxy} />,
  },
];

export const formatLatency = (ms: number | null) => (ms === null ? '–' : `${formatCount(ms)} ms`);

function SuccessRate({ proxy: { successRate, successCount, failureCount } }: { proxy: ApiProxy }) {
  return (
    <>
      {formatRatio(successRate)}
      {successCount + failureCount > 0 && (
        <Text size="xs" c="dimmed">
          of {formatCount(successCount + failureCount)}
        </Text>
      )}
    </>
  );
}
