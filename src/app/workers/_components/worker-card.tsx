import { Group, Stack, Text } from '@mantine/core';
import { formatCount, formatRatio } from '#components/format.ts';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiWorker } from '#lib/api/worker.ts';
import { RunningSessions, successRate, WorkerState } from './worker-columns.tsx';

/** A worker on a phone. */
export function WorkerCard({ worker }: { worker: ApiWorker }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <Text size="xs" ff="monospace" fw={600}>
          {worker.workerId}
        </Text>
        <div>
          <WorkerState worker={worker} />
        </div>
      </Group>
      <RunningSessions worker={worker} />
      <Text size="xs" c="dimmed" component="div">
        Heartbeat <RelativeTime at={worker.lastHeartbeat} /> · {formatCount(worker.jobsProcessed)} processed,{' '}
        {formatCount(worker.jobsFailed)} errors, {formatRatio(successRate(worker))} success
      </Text>
      <Text size="xs" c="dimmed">
        {worker.nodeId}, pid {worker.pid}
        {worker.memoryMb === null ? '' : `, ${formatCount(worker.memoryMb)} MB`}
      </Text>
    </Stack>
  );
}
