'use client';

import { Badge, Button, Grid, Group, Skeleton, Stack } from '@mantine/core';
import { IconPlayerTrackNext, IconZoomExclamation } from '@tabler/icons-react';
import { useRouter } from 'next/navigation';
import { useSchedule } from '#components/api/schedule-queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { PageHeader } from '#components/page-header.tsx';
import { PageLink } from '#components/page-link.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useMayWrite } from '#components/use-may-write.ts';
import { useProblem } from '#components/use-problem.ts';
import type { ApiScheduleDetail } from '#lib/api/schedule.ts';
import { ScheduleMenu } from '../../_components/schedule-menu.tsx';
import { useScheduleAction } from '../../_components/use-schedule-action.ts';
import { RunsPanel } from './runs-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';

export function ScheduleView({ id }: { id: number }) {
  const query = useSchedule(id);
  const problem = useProblem(query);
  const schedule = query.data;
  if (schedule === null) return <NoSuchSchedule id={id} />;
  if (schedule !== undefined) return <ScheduleParts schedule={schedule} />;
  if (problem !== null) return <QueryProblem error={problem} onRetry={query.refetch} />;
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton height={56} />
      <Skeleton height={240} />
    </Stack>
  );
}

function ScheduleParts({ schedule }: { schedule: ApiScheduleDetail }) {
  const title = (
    <Group gap="xs">
      {schedule.name}
      {schedule.paused && <Badge variant="default">Paused</Badge>}
    </Group>
  );
  return (
    <>
      <PageHeader
        title={title}
        hint={schedule.problem ?? schedule.description}
        actions={<ScheduleActions schedule={schedule} />}
      />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <RunsPanel schedule={schedule} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <SettingsPanel schedule={schedule} />
        </Grid.Col>
      </Grid>
    </>
  );
}

function ScheduleActions({ schedule }: { schedule: ApiScheduleDetail }) {
  const router = useRouter();
  const mayWrite = useMayWrite();
  const act = useScheduleAction(schedule);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
        onClick={() => act.mutate('run')}
        loading={act.isPending}
        disabled={!mayWrite}
      >
        Run now
      </Button>
      <ScheduleMenu schedule={schedule} onRemoved={() => router.push('/schedules')} />
    </>
  );
}

function NoSuchSchedule({ id }: { id: number }) {
  return (
    <EmptyPanel
      icon={IconZoomExclamation}
      title={`There is no schedule ${id}`}
      isPage
      action={<PageLink href="/schedules">All schedules</PageLink>}
    >
      It may have been deleted.
    </EmptyPanel>
  );
}
