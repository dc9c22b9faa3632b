import { Stack, Text } from '@mantine/core';
import { formatCount, formatDuration, formatRatio } from '#components/format.ts';
import type { OpsColumn } from '#components/ops-table.tsx';
import { PageLink } from '#components/page-link.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { WORKER_WORDS } from '#components/state-words.ts';
import type { ApiWorker } from '#lib/api/worker.ts';

export const WORKER_COLUMNS: OpsColumn<ApiWorker>[] = [
  { key: 'worker', title: 'Worker', width: 200, render: (worker) => <WorkerName worker={worker} /> },
  { key: 'status', title: 'State', width: 130, render: (worker) => <WorkerState worker={worker} /> },
  {
    key: 'heartbeat',
    title: 'Heartbeat',
    width: 104,
    render: ({ lastHeartbeat }) => <RelativeTime at={lastHeartbeat} />,
  },
  { key: 'sessions', title: 'Runs', render: (worker) => <RunningSessions worker={worker} /> },
  {
    key: 'processed',
    title: 'Processed',
    width: 104,
    align: 'right',
    render: ({ jobsProcessed }) => formatCount(jobsProcessed),
  },
  {
    key: 'succeeded',
    title: 'Succeeded',
    width: 104,
    align: 'right',
    hiddenBelow: 88,
    render: ({ jobsSucceeded }) => formatCount(jobsSucceeded),
  },
  { key: 'errors', title: 'Errors', width: 84, align: 'right', render: ({ jobsFailed }) => formatCount(jobsFailed) },
  {
    key: 'rate',
    title: 'Success',
    width: 84,
    align: 'right',
    hiddenBelow: 75,
    render: (worker) => formatRatio(successRate(worker)),
  },
  {
    key: 'memory',
    title: 'Memory',
    width: 94,
    align: 'right',
    hiddenBelow: 75,
    render: ({ memoryMb }) => formatMemory(memoryMb),
  },
  {
    key: 'uptime',
    title: 'Up for',
    width: 96,
    align: 'right',
    hiddenBelow: 62,
    render: ({ uptimeSeconds }) => formatDuration(uptimeSeconds * 1000),
  },
];

/** 0 to 1 of the sessions that ended either way. */
export function successRate({ jobsSucceeded, jobsFailed }: ApiWorker): number | null {
  const ended = jobsSucceeded + jobsFailed;
  return ended === 0 ? null : jobsSucceeded / ended;
}

const formatMemory = (megabytes: number | null) => (megabytes === null ? '–' : `${formatCount(megabytes)} MB`);

function WorkerName({ worker }: { worker: ApiWorker }) {
  return (
    <>
      <Text size="xs" ff="monospace" fw={600}>
        {worker.workerId}
      </Text>
      <Text size="xs" c="dimmed">
        {worker.nodeId}, pid {worker.pid}
      </Text>
    </>
  );
}

export function WorkerState({ worker }: { worker: ApiWorker }) {
  return (
    <>
      <StateLabel state={WORKER_WORDS[worker.status]} />
      {worker.stopReason !== null && (
        <Text size="xs" c="dimmed">
          {worker.stopReason}
        </Text>
      )}
    </>
  );
}

export function RunningSessions({ worker: { sessions, concurrency, status } }: { worker: ApiWorker }) {
  if (sessions.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {status === 'stopped' || status === 'crashed' ? '–' : `nothing, can take ${concurrency}`}
      </Text>
    );
  }
  return (
    <Stack gap={0}>
      {sessions.map(({ id, location }) => (
        <PageLink key={id} href={`/scraping/${id}`} size="sm">
          <bdi>{location}</bdi> #{id}
        </PageLink>
      ))}
    </Stack>
  );
}
