'use client';

import { Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useSessionRequests } from '#components/api/queries.ts';
import { morePages, OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useProblem } from '#components/use-problem.ts';
import type { ApiSessionDetail } from '#lib/api/session.ts';
import { RequestCard } from './request-card.tsx';
import { requestColumns } from './request-columns.tsx';

/** Every request of the session, newest first: what was asked for, what came back, and what was made of it. */
export function RequestsPanel({ session }: { session: ApiSessionDetail }) {
  const [problems, setProblems] = useState(false);
  const requests = useSessionRequests(session.id, problems);
  const problem = useProblem(requests);
  return (
    <Panel
      title="Requests"
      hint="newest first"
      flush
      actions={
        <Switch
          size="sm"
          label="Problems only"
          checked={problems}
          onChange={(event) => setProblems(event.currentTarget.checked)}
        />
      }
    >
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={requests.refetch} />
      ) : (
        <OpsTable
          bare
          caption="Requests, newest first"
          noun="request"
          records={requests.data?.pages.flatMap(({ items }) => items)}
          columns={requestColumns(session.id)}
          getId={({ id }) => id}
          renderCard={(request) => <RequestCard request={request} sessionId={session.id} />}
          empty={<NoRequests session={session} problems={problems} />}
          stale={requests.isPlaceholderData}
          more={morePages(requests)}
        />
      )}
    </Panel>
  );
}

function NoRequests({ session: { status }, problems }: { session: ApiSessionDetail; problems: boolean }) {
  return (
    <Text size="sm" c="dimmed" p="md">
      {noRequestsWords(status, problems)}
    </Text>
  );
}

function noRequestsWords(status: ApiSessionDetail['status'], problems: boolean): string {
  if (problems) return 'No request met a problem.';
  if (status === 'pending' || status === 'running') return 'Nothing has been asked yet.';
  return 'No request is on record: none was made, or they were so long ago that they are forgotten.';
}
