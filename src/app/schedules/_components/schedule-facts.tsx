import { Badge, Group, Text } from '@mantine/core';
import { plural } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { RelativeTime, UpcomingTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import type { ApiSchedule, ApiScheduleRun } from '#lib/api/schedule.ts';
import { RUN_WORDS } from './run-words.ts';
import { formatInZone } from './zone-time.ts';

export function ScheduleName({ schedule }: { schedule: ApiSchedule }) {
  return (
    <>
      <Group gap={6} wrap="nowrap">
        <PageLink href={`/schedules/${schedule.id}`} fw={550} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {schedule.name}
        </PageLink>
        {schedule.paused && (
          <Badge size="sm" variant="default">
            Paused
          </Badge>
        )}
      </Group>
      <Text size="xs" c={schedule.problem === null ? 'dimmed' : 'var(--eko-bad)'}>
        {schedule.problem ?? schedule.description}
      </Text>
    </>
  );
}

/** When it runs next: how far off that is, and what the clocks of its zone show then. */
export function NextRun({ schedule: { nextAt, paused, timeZone } }: { schedule: ApiSchedule }) {
  if (nextAt === null) {
    return (
      <Text span size="sm" c="dimmed">
        {paused ? 'when resumed' : 'never'}
      </Text>
    );
  }
  return (
    <>
      <UpcomingTime at={nextAt} past="due" />
      <Text size="xs" c="dimmed" suppressHydrationWarning>
        {formatInZone(nextAt, timeZone)}
      </Text>
    </>
  );
}

export function LastRun({ run }: { run: ApiScheduleRun | null }) {
  if (run === null) {
    return (
      <Text span size="sm" c="dimmed">
        not yet
      </Text>
    );
  }
  return (
    <>
      <StateLabel state={RUN_WORDS[run.outcome]} />
      <Text size="xs" c="dimmed" component="div">
        <RelativeTime at={run.at} />
        {run.batchId !== null && (
          <>
            {' · '}
            <RunSessions run={run} />
          </>
        )}
      </Text>
    </>
  );
}

/** A link to the sessions of a run. */
export function RunSessions({ run: { batchId, sessions } }: { run: ApiScheduleRun }) {
  if (batchId === null) return null;
  return (
    <PageLink href={`/scraping?batchId=${batchId}`} fz="inherit">
      {plural(sessions, 'session')}
    </PageLink>
  );
}

/** "5 of 12 targets a run" */
export function targetsInWords({ targets, batchSize }: Pick<ApiSchedule, 'targets' | 'batchSize'>): string {
  if (batchSize === null || batchSize >= targets.length) return plural(targets.length, 'target');
  return `${batchSize} of ${plural(targets.length, 'target')} a run`;
}
