import { Stack, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { type OpsColumn, OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import type { ApiScheduleDetail, ApiScheduleRun } from '#lib/api/schedule.ts';
import { RUN_WORDS } from '../../_components/run-words.ts';
import { RunSessions } from '../../_components/schedule-facts.tsx';
import { formatInZone } from '../../_components/zone-time.ts';

/** The API gives no more. */
const RUNS_SHOWN = 100;

/** What became of its occurrences, newest first. */
export function RunsPanel({ schedule: { runs, timeZone } }: { schedule: ApiScheduleDetail }) {
  const columns: OpsColumn<ApiScheduleRun>[] = [
    { key: 'occurrence', title: 'Run', width: 200, render: (run) => <RunTime run={run} timeZone={timeZone} /> },
    {
      key: 'outcome',
      title: 'Outcome',
      width: 130,
      render: ({ outcome }) => <StateLabel state={RUN_WORDS[outcome]} />,
    },
    { key: 'sessions', title: 'Sessions', width: 110, render: (run) => <RunSessions run={run} /> },
    { key: 'reason', title: 'Why', render: ({ reason }) => <Reason reason={reason} /> },
  ];
  return (
    <Panel title="History" hint={runs.length >= RUNS_SHOWN ? 'the latest hundred runs' : undefined} flush>
      <OpsTable
        bare
        caption="Runs of this schedule"
        noun="run"
        records={runs}
        columns={columns}
        getId={({ occurrence }) => occurrence}
        renderCard={(run) => (
          <Stack gap={2}>
            <RunTime run={run} timeZone={timeZone} />
            <StateLabel state={RUN_WORDS[run.outcome]} />
            <RunSessions run={run} />
            <Reason reason={run.reason} />
          </Stack>
        )}
        empty={
          <EmptyPanel icon={IconHistory} title="It has not run yet">
            Its first run is its next one; Run now does not wait for it.
          </EmptyPanel>
        }
      />
    </Panel>
  );
}

function RunTime({ run: { occurrence, byHand }, timeZone }: { run: ApiScheduleRun; timeZone: string }) {
  return (
    <>
      <Text size="sm" suppressHydrationWarning>
        {formatInZone(occurrence, timeZone)}
      </Text>
      <Text size="xs" c="dimmed" component="div">
        <RelativeTime at={occurrence} />
        {byHand && ' · by hand'}
      </Text>
    </>
  );
}

function Reason({ reason }: { reason: string | null }) {
  if (reason === null) return null;
  return (
    <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
      {reason}
    </Text>
  );
}
