import type { OpsColumn } from '#components/ops-table.tsx';
import type { ApiSchedule } from '#lib/api/schedule.ts';
import { LastRun, NextRun, ScheduleName, targetsInWords } from './schedule-facts.tsx';
import { ScheduleMenu } from './schedule-menu.tsx';

export const SCHEDULE_COLUMNS: OpsColumn<ApiSchedule>[] = [
  { key: 'name', title: 'Schedule', render: (schedule) => <ScheduleName schedule={schedule} /> },
  { key: 'next', title: 'Next run', width: 200, render: (schedule) => <NextRun schedule={schedule} /> },
  { key: 'last', title: 'Last run', width: 190, render: ({ lastRun }) => <LastRun run={lastRun} /> },
  { key: 'targets', title: 'Starts', width: 170, hiddenBelow: 75, render: targetsInWords },
  {
    key: 'actions',
    title: 'Actions',
    titleHidden: true,
    width: 52,
    align: 'right',
    render: (schedule) => <ScheduleMenu schedule={schedule} />,
  },
];
