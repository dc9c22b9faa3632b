import { Code, Stack, Text } from '@mantine/core';
import { FactList } from '#components/fact-list.tsx';
import { formatDuration } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { useSourceLabel } from '#components/use-source-label.ts';
import type { ApiScheduleDetail } from '#lib/api/schedule.ts';
import type { CatchUpPolicy } from '#lib/db/schema/vocabulary.ts';
import { NextRuns } from '../../_components/rule-preview.tsx';
import { CATCH_UP_WORDS } from '../../_components/run-words.ts';
import { targetsInWords } from '../../_components/schedule-facts.tsx';

const TARGETS_SHOWN = 30;

export function SettingsPanel({ schedule }: { schedule: ApiScheduleDetail }) {
  const { cron, timeZone, jitterSeconds, allowOverlap, catchUp, priority, maxRetries } = schedule;
  return (
    <Stack gap="md">
      <Panel title="Next runs">
        {schedule.next.length > 0 ? (
          <NextRuns next={schedule.next} timeZone={timeZone} />
        ) : (
          <Text size="sm" c="dimmed">
            {schedule.paused ? 'None while it is paused.' : 'None.'}
          </Text>
        )}
      </Panel>
      <Panel title="Settings">
        <FactList
          facts={[
            { label: 'Cron text', value: cron === null ? null : <Code>{cron}</Code> },
            { label: 'Time zone', value: timeZone },
            { label: 'Starts', value: targetsInWords(schedule) },
            { label: 'Spread over', value: jitterSeconds > 0 && formatDuration(jitterSeconds * 1000) },
            { label: 'Overlaps', value: overlapsInWords(allowOverlap, catchUp) },
            { label: 'Late runs', value: CATCH_UP_WORDS[catchUp] },
            { label: 'Priority', value: priority !== 0 && priority },
            { label: 'Retries', value: maxRetries === null ? null : String(maxRetries) },
          ]}
        />
      </Panel>
      <TargetsPanel schedule={schedule} />
    </Stack>
  );
}

function TargetsPanel({ schedule: { targets } }: { schedule: ApiScheduleDetail }) {
  const labelOf = useSourceLabel();
  const more = targets.length - TARGETS_SHOWN;
  return (
    <Panel title="What is scraped">
      <Stack gap={4} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {targets.slice(0, TARGETS_SHOWN).map(({ source, location, params }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same target may be there twice
          <Text key={index} size="sm" component="li" style={{ overflowWrap: 'anywhere' }}>
            <bdi>{location}</bdi>{' '}
            <Text span size="xs" c="dimmed">
              {labelOf(source)} {params === undefined ? '' : JSON.stringify(params)}
            </Text>
          </Text>
        ))}
        {more > 0 && (
          <Text size="xs" c="dimmed" component="li">
            and {more} more
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

function overlapsInWords(allowOverlap: boolean, catchUp: CatchUpPolicy): string {
  if (allowOverlap) return 'allowed';
  return catchUp === 'all' ? 'wait for the earlier run' : 'passed over';
}
