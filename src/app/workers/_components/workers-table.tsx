'use client';

import { Code, Stack } from '@mantine/core';
import { IconCpu } from '@tabler/icons-react';
import { useWorkers } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { OpsTable } from '#components/ops-table.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { WorkerCard } from './worker-card.tsx';
import { WORKER_COLUMNS } from './worker-columns.tsx';

export function WorkersTable() {
  const workers = useWorkers();
  if (workers.error !== null && workers.data === undefined) {
    return <QueryProblem error={workers.error} onRetry={workers.refetch} />;
  }
  return (
    <OpsTable
      caption="Workers, the living ones first"
      noun="worker"
      records={workers.data?.items}
      columns={WORKER_COLUMNS}
      getId={({ workerId }) => workerId}
      renderCard={(worker) => <WorkerCard worker={worker} />}
      empty={<NoWorkers />}
    />
  );
}

function NoWorkers() {
  return (
    <EmptyPanel icon={IconCpu} title="No worker is running">
      <Stack gap="xs" align="center">
        <span>
          Start some in the project’s folder; on another machine, set DATABASE_URL to the same database first:
        </span>
        <Code block>npm run workers:start</Code>
      </Stack>
    </EmptyPanel>
  );
}
