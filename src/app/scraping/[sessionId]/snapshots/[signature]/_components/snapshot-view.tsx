'use client';

import { Breadcrumbs, Grid, Skeleton, Stack, Text } from '@mantine/core';
import { IconZoomExclamation } from '@tabler/icons-react';
import { useSnapshot } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { PageHeader } from '#components/page-header.tsx';
import { PageLink } from '#components/page-link.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { ExternalLink } from '#components/safe-link.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { verdictWord } from '#components/state-words.ts';
import { useProblem } from '#components/use-problem.ts';
import type { ApiPageSnapshot } from '#lib/api/session.ts';
import { BodyPanel } from './body-panel.tsx';
import { EvidencePanel } from './evidence-panel.tsx';
import { HeadersPanel } from './headers-panel.tsx';
import { SnapshotFacts } from './snapshot-facts.tsx';

/** What a site showed us where it should have shown a page: the verdict, what spoke for it, and the page as inert text. */
export function SnapshotView({ sessionId, signature }: { sessionId: number; signature: string }) {
  const query = useSnapshot(signature);
  const problem = useProblem(query);
  return (
    <>
      <Breadcrumbs fz="sm" mb={6} separatorMargin={6}>
        <PageLink href="/scraping" size="sm">
          Scraping
        </PageLink>
        <PageLink href={`/scraping/${sessionId}`} size="sm">
          Session {sessionId}
        </PageLink>
        <Text size="sm" c="dimmed">
          Page as received
        </Text>
      </Breadcrumbs>
      <SnapshotBody snapshot={query.data} problem={problem} refetch={query.refetch} />
    </>
  );
}

interface SnapshotBodyProps {
  snapshot: ApiPageSnapshot | null | undefined;
  problem: Error | null;
  refetch: () => void;
}

function SnapshotBody({ snapshot, problem, refetch }: SnapshotBodyProps) {
  if (snapshot === null) return <NoSuchSnapshot />;
  if (snapshot !== undefined) return <SnapshotParts snapshot={snapshot} />;
  if (problem !== null) return <QueryProblem error={problem} onRetry={refetch} />;
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton height={56} />
      <Skeleton height={320} />
    </Stack>
  );
}

function SnapshotParts({ snapshot }: { snapshot: ApiPageSnapshot }) {
  return (
    <>
      <PageHeader
        title={<StateLabel state={verdictWord(snapshot.verdict)} strong />}
        hint={
          <ExternalLink href={snapshot.url} style={{ overflowWrap: 'anywhere' }}>
            {snapshot.url}
          </ExternalLink>
        }
      />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }} order={{ base: 2, md: 1 }}>
          <BodyPanel body={snapshot.body} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }} order={{ base: 1, md: 2 }}>
          <Stack gap="md">
            <EvidencePanel evidence={snapshot.evidence} />
            <SnapshotFacts snapshot={snapshot} />
            <HeadersPanel headers={snapshot.headers} />
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

function NoSuchSnapshot() {
  return (
    <EmptyPanel isPage icon={IconZoomExclamation} title="There is no such page any more">
      The first page of each kind of failure is kept for a while only, then forgotten.
    </EmptyPanel>
  );
}
