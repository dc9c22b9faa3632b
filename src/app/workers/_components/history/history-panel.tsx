'use client';

import { NativeSelect, Progress, Table, Text } from '@mantine/core';
import { useInViewport } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useArchiveStats } from '#components/api/archive-query.ts';
import { formatCount } from '#components/format.ts';
import { useLive } from '#components/live-provider.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useProblem } from '#components/use-problem.ts';
import type { ArchiveFigures, ArchiveStats } from '#lib/archive/archive-stats.ts';
import classes from '../plain-table.module.css';
import { firstDayOf, sumByDay } from './sum-by-day.ts';

const RANGES = [
  { value: '14', label: 'Last 14 days' },
  { value: '30', label: 'Last 30 days' },
  { value: '90', label: 'Last 90 days' },
];

/** What was done day by day, also on days whose sessions are gone by now. Asked for when it comes into view. */
export function HistoryPanel() {
  const { ref, inViewport } = useInViewport();
  const [isSeen, setIsSeen] = useState(false);
  useEffect(() => {
    if (inViewport) setIsSeen(true);
  }, [inViewport]);
  const [range, setRange] = useState('14');
  const isPaused = useLive().state === 'paused';
  const stats = useArchiveStats(firstDayOf(Number(range), Date.now()), { enabled: isSeen, isPaused });
  const problem = useProblem(stats);
  return (
    <div ref={ref}>
      <Panel
        title="History"
        hint={stats.data ? keptInWords(stats.data.keptDays.sessions) : 'per day, in UTC'}
        actions={
          <NativeSelect
            size="xs"
            aria-label="Days of the history"
            data={RANGES}
            value={range}
            onChange={(event) => setRange(event.currentTarget.value)}
          />
        }
        flush
      >
        {problem !== null ? (
          <QueryProblem bare error={problem} onRetry={() => void stats.refetch()} />
        ) : (
          <HistoryTable stats={stats.data} />
        )}
      </Panel>
    </div>
  );
}

function keptInWords(days: number): string {
  return `per day, in UTC; sessions are kept for ${formatCount(days)} days, these figures for good`;
}

function HistoryTable({ stats }: { stats: ArchiveStats | undefined }) {
  if (stats === undefined || stats.days.length === 0) {
    return (
      <Text size="sm" c="dimmed" px="md" py="sm">
        {stats === undefined ? 'Loading…' : 'No session ended in this time.'}
      </Text>
    );
  }
  const days = sumByDay(stats.days);
  const busiest = Math.max(1, ...days.map(sessionsOf));
  return (
    <Table fz="sm" verticalSpacing={6} horizontalSpacing="md" className={classes.table} aria-label="Figures per day">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Day</Table.Th>
          <Table.Th>Sessions</Table.Th>
          {COLUMNS.map(({ label }) => (
            <Table.Th key={label} ta="right">
              {label}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        <FigureRow name="In all" figures={stats.totals} share={null} />
        {days.map((figures) => (
          <FigureRow key={figures.day} name={figures.day} figures={figures} share={sessionsOf(figures) / busiest} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

const COLUMNS = [
  { label: 'Completed', figure: 'sessionsCompleted' },
  { label: 'Failed', figure: 'sessionsFailed' },
  { label: 'Cancelled', figure: 'sessionsCancelled' },
  { label: 'New leads', figure: 'leadsNew' },
  { label: 'Requests', figure: 'requestsMade' },
  { label: 'Failed attempts', figure: 'attemptsFailed' },
] as const satisfies { label: string; figure: keyof ArchiveFigures }[];

const sessionsOf = (figures: ArchiveFigures): number =>
  figures.sessionsCompleted + figures.sessionsFailed + figures.sessionsCancelled;

/** @param props.share of the busiest day's sessions, 0 to 1; null for none. */
function FigureRow({ name, figures, share }: { name: string; figures: ArchiveFigures; share: number | null }) {
  return (
    <Table.Tr fw={share === null ? 600 : undefined}>
      <Table.Td>{name}</Table.Td>
      <Table.Td miw={140}>
        {formatCount(sessionsOf(figures))}
        {share !== null && <Progress value={share * 100} size={4} mt={4} aria-hidden />}
      </Table.Td>
      {COLUMNS.map(({ label, figure }) => (
        <Table.Td key={figure} ta="right" data-label={label}>
          {formatCount(figures[figure])}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
