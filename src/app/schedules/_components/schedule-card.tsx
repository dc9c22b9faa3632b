import { Group, Stack, Text } from '@mantine/core';
import type { ApiSchedule } from '#lib/api/schedule.ts';
import { LastRun, NextRun, ScheduleName, targetsInWords } from './schedule-facts.tsx';
import { ScheduleMenu } from './schedule-menu.tsx';

/** A schedule on a phone. */
export function ScheduleCard({ schedule }: { schedule: ApiSchedule }) {
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <ScheduleName schedule={schedule} />
        </div>
        <ScheduleMenu schedule={schedule} />
      </Group>
      <Group gap="xl" align="flex-start">
        <div>
          <Text size="xs" c="dimmed">
            Next run
          </Text>
          <NextRun schedule={schedule} />
        </div>
        <div>
          <Text size="xs" c="dimmed">
            Last run
          </Text>
          <LastRun run={schedule.lastRun} />
        </div>
      </Group>
      <Text size="xs" c="dimmed">
        {targetsInWords(schedule)}
      </Text>
    </Stack>
  );
}
