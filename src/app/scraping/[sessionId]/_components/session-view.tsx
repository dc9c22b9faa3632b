'use client';

import { Grid, Skeleton, Stack } from '@mantine/core';
import { IconZoomExclamation } from '@tabler/icons-react';
import { useSession } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { PageLink } from '#components/page-link.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useProblem } from '#components/use-problem.ts';
import type { ApiSessionDetail } from '#lib/api/session.ts';
import { AttemptsPanel } from './attempts-panel.tsx';
import { ErrorPanel } from './error-panel.tsx';
import { HostWait } from './host-wait.tsx';
import { LogPanel } from './log-panel.tsx';
import { PartsPanel } from './parts-panel.tsx';
import { RequestPanel } from './request-panel.tsx';
import { RequestsPanel } from './requests-panel.tsx';
import { SessionHeader } from './session-header.tsx';

export function SessionView({ id }: { id: number }) {
  const query = useSession(id);
  const problem = useProblem(query);
  const session = query.data;
  if (session === null) return <NoSuchSession id={id} />;
  if (session !== undefined) return <SessionParts session={session} />;
  if (problem !== null) return <QueryProblem error={problem} onRetry={query.refetch} />;
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton height={56} />
      <Skeleton height={180} />
      <Skeleton height={240} />
    </Stack>
  );
}

function SessionParts({ session }: { session: ApiSessionDetail }) {
  return (
    <>
      <SessionHeader session={session} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="md">
            {session.error !== null && session.status !== 'completed' && (
              <ErrorPanel session={session} error={session.error} />
            )}
            {session.waitsFor !== null && <HostWait wait={session.waitsFor} />}
            <PartsPanel session={session} />
            <LogPanel session={session} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="md">
            <RequestPanel session={session} />
            <AttemptsPanel session={session} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={12}>
          <RequestsPanel session={session} />
        </Grid.Col>
      </Grid>
    </>
  );
}

function NoSuchSession({ id }: { id: number }) {
  return (
    <EmptyPanel
      isPage
      icon={IconZoomExclamation}
      title={`There is no session ${id}`}
      action={<PageLink href="/scraping">All sessions</PageLink>}
    >
      It may have been removed, or the link is wrong.
    </EmptyPanel>
  );
}
