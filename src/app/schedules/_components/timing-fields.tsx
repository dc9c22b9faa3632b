import { Group, NumberInput, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { RulePreview } from './rule-preview.tsx';
import type { ScheduleFormApi, ScheduleValues } from './schedule-form-state.ts';
import { knownZones } from './zone-time.ts';

const TIMINGS: { value: ScheduleValues['timing']; label: string }[] = [
  { value: 'cron', label: 'At set times' },
  { value: 'minutes', label: 'Every so many minutes' },
];

/** When it runs, with what that means as it is typed. */
export function TimingFields({ form }: { form: ScheduleFormApi }) {
  const { timing } = form.values;
  return (
    <Stack gap="xs">
      <div>
        <Text size="sm" fw={550} mb={4} id="schedule-timing">
          When
        </Text>
        <SegmentedControl
          {...form.getInputProps('timing')}
          data={TIMINGS}
          aria-labelledby="schedule-timing"
          size="sm"
        />
      </div>
      <Group gap="sm" align="flex-start" grow preventGrowOverflow={false}>
        {timing === 'cron' ? (
          <TextInput
            {...form.getInputProps('cron')}
            label="Cron text"
            description="minute, hour, day, month, weekday"
            placeholder="0 7 * * 1-5"
            autoComplete="off"
            spellCheck={false}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            maxLength={200}
          />
        ) : (
          <NumberInput
            {...form.getInputProps('everyMinutes')}
            label="Minutes"
            description="at the full hour where it divides an hour, in UTC"
            min={1}
            max={10_080}
            allowDecimal={false}
          />
        )}
        <ZoneSelect form={form} />
      </Group>
      <RulePreview values={form.values} />
    </Stack>
  );
}

/** More than a person reads; typing finds the others. */
const ZONES_SHOWN = 100;

function ZoneSelect({ form }: { form: ScheduleFormApi }) {
  const zones = useMemo(knownZones, []);
  const { timeZone, timing } = form.values;
  const data = zones.includes(timeZone) ? zones : [timeZone, ...zones];
  return (
    <Select
      {...form.getInputProps('timeZone')}
      label="Time zone"
      description={timing === 'cron' ? 'whose clocks count, summer time included' : 'in which times are shown'}
      data={data}
      searchable
      limit={ZONES_SHOWN}
      allowDeselect={false}
      nothingFoundMessage="No such time zone"
    />
  );
}
