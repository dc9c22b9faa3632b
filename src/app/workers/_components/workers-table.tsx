'use client';

import { Code, Stack } from '@mantine/core';
import { IconCpu } from '@tabler/icons-react';
import { useWorkers } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { WORKER_WORDS } from '#components/state-words.ts';
import { useProblem } from '#components/use-problem.ts';
import type { ApiWorker } from '#lib/api/worker.ts';
import { WORKER_STATUSES, type WorkerStatus } from '#lib/db/schema/vocabulary.ts';
import { countsInWords } from './state-counts.ts';
import { WorkerCard } from './worker-card.tsx';
import { WORKER_COLUMNS } from './worker-columns.tsx';

export function WorkersTable() {
  const workers = useWorkers();
  const problem = useProblem(workers);
  const items = workers.data?.items;
  return (
    <Panel title="Workers" hint={items === undefined || items.length === 0 ? undefined : statesInWords(items)} flush>
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={workers.refetch} />
      ) : (
        <OpsTable
          bare
          caption="Workers, the living ones first"
          noun="worker"
          records={items}
          columns={WORKER_COLUMNS}
          getId={({ workerId }) => workerId}
          renderCard={(worker) => <WorkerCard worker={worker} />}
          empty={<NoWorkers />}
        />
      )}
    </Panel>
  );
}

function statesInWords(workers: readonly ApiWorker[]): string {
  const counts = Object.fromEntries(WORKER_STATUSES.map((status) => [status, 0])) as Record<WorkerStatus, number>;
  for (const { status } of workers) counts[status] += 1;
  return countsInWords(counts, WORKER_STATUSES, WORKER_WORDS);
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
