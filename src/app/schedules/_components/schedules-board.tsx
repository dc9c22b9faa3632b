'use client';

import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCalendarClock, IconPlus } from '@tabler/icons-react';
import { useSchedules } from '#components/api/schedule-queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { morePages, OpsTable } from '#components/ops-table.tsx';
import { PageHeader } from '#components/page-header.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useMayWrite } from '#components/use-may-write.ts';
import { useProblem } from '#components/use-problem.ts';
import { ScheduleCard } from './schedule-card.tsx';
import { SCHEDULE_COLUMNS } from './schedule-columns.tsx';
import { ScheduleDialog } from './schedule-dialog.tsx';

export function SchedulesBoard() {
  const schedules = useSchedules();
  const problem = useProblem(schedules);
  const [adding, add] = useDisclosure();
  const mayWrite = useMayWrite();
  const button = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open} disabled={!mayWrite}>
      New schedule
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Schedules"
        hint="Scrapes that start by themselves, each time once, whichever machines run."
        actions={button}
      />
      {problem !== null ? (
        <QueryProblem error={problem} onRetry={schedules.refetch} />
      ) : (
        <OpsTable
          caption="Schedules"
          noun="schedule"
          records={schedules.data?.pages.flatMap(({ items }) => items)}
          columns={SCHEDULE_COLUMNS}
          getId={({ id }) => id}
          renderCard={(schedule) => <ScheduleCard schedule={schedule} />}
          empty={<NoSchedules />}
          more={morePages(schedules)}
        />
      )}
      <ScheduleDialog opened={adding} onClose={add.close} schedule={null} />
    </>
  );
}

function NoSchedules() {
  return (
    <EmptyPanel icon={IconCalendarClock} title="No schedules yet">
      A schedule starts scrapes by itself, such as Georgia’s permits at 07:00 on weekdays, or a batch of five places
      every ten minutes. Press New schedule to make one.
    </EmptyPanel>
  );
}
