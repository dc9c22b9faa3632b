import { Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useHosts } from '#components/api/queries.ts';
import { type Fact, FactList } from '#components/fact-list.tsx';
import { formatCount, formatMs, plural } from '#components/format.ts';
import { QueryProblem } from '#components/query-problem.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { useProblem } from '#components/use-problem.ts';
import type { ApiHost } from '#lib/api/host.ts';
import { GAP_REASONS, HostStateCell, waitingInWords } from './host-facts.tsx';
import { RobotsFacts } from './robots-facts.tsx';

/** Everything that is known about one host. */
export function HostDialog({ hostKey, onClose }: { hostKey: string | null; onClose: () => void }) {
  return (
    <Modal opened={hostKey !== null} onClose={onClose} title={hostKey ?? 'Host'} size="lg">
      {hostKey !== null && <HostDetails hostKey={hostKey} />}
    </Modal>
  );
}

/** Hosts whose names contain its name are found with it. */
const HOSTS_MAX = 200;

function HostDetails({ hostKey }: { hostKey: string }) {
  const hosts = useHosts({ text: hostKey }, HOSTS_MAX);
  const problem = useProblem(hosts);
  const { data, refetch } = hosts;
  const host = data?.pages.flatMap(({ items }) => items).find((item) => item.hostKey === hostKey);
  if (host !== undefined) return <HostParts host={host} />;
  if (problem !== null) return <QueryProblem bare error={problem} onRetry={refetch} />;
  if (data === undefined) return <Skeleton height={200} role="status" aria-label="Loading" />;
  return <Text size="sm">This host has never been asked.</Text>;
}

function HostParts({ host }: { host: ApiHost }) {
  return (
    <Stack gap="md">
      <div>
        <HostStateCell host={host} />
      </div>
      <FactList facts={paceFacts(host)} labelWidth="130px" />
      {host.robots.length === 0 ? (
        <Text size="sm" c="dimmed">
          Its robots.txt has not been read yet; that comes before the first page.
        </Text>
      ) : (
        host.robots.map((robots) => <RobotsFacts key={robots.origin} robots={robots} />)
      )}
    </Stack>
  );
}

function paceFacts(host: ApiHost): Fact[] {
  const { gaps } = host;
  return [
    { label: 'Asked every', value: `${formatMs(host.gapMs)}, ${GAP_REASONS[host.gapReason]}` },
    { label: 'Its source’s promise', value: formatMs(gaps.source) },
    { label: 'Its Crawl-delay', value: gaps.crawlDelay === 0 ? 'none' : formatMs(gaps.crawlDelay) },
    { label: 'After errors', value: gaps.slowed === 0 ? 'not slowed' : formatMs(gaps.slowed) },
    { label: 'At once', value: plural(host.maxInflight, 'request') },
    { label: 'Under way', value: formatCount(host.inFlight) },
    { label: 'Sessions waiting', value: waitingInWords(host) },
    { label: 'Last asked', value: host.lastAskedAt === null ? 'never' : <RelativeTime at={host.lastAskedAt} /> },
    { label: 'Last answer', value: host.lastServedAt === null ? 'none yet' : <RelativeTime at={host.lastServedAt} /> },
    { label: 'Errors in a row', value: host.errorStreak > 0 && formatCount(host.errorStreak) },
    { label: 'Last error', value: host.lastError },
  ];
}
