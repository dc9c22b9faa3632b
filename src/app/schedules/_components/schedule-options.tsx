import { Checkbox, NumberInput, Select, SimpleGrid, Stack } from '@mantine/core';
import { CATCH_UP_POLICIES } from '#lib/db/schema/vocabulary.ts';
import { CATCH_UP_WORDS } from './run-words.ts';
import type { ScheduleFormApi } from './schedule-form-state.ts';

const CATCH_UP_OPTIONS = CATCH_UP_POLICIES.map((value) => ({ value, label: CATCH_UP_WORDS[value] }));

const ORDER: ('label' | 'input' | 'error' | 'description')[] = ['label', 'input', 'error', 'description'];

export function ScheduleOptions({ form }: { form: ScheduleFormApi }) {
  return (
    <Stack gap="md" pt="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        <NumberInput
          {...form.getInputProps('batchSize')}
          label="Places per run"
          description="Going round; otherwise all of them"
          inputWrapperOrder={ORDER}
          min={1}
          allowDecimal={false}
        />
        <NumberInput
          {...form.getInputProps('jitterMinutes')}
          label="Spread over minutes"
          description="Sessions start up to this long after the run; otherwise at once"
          inputWrapperOrder={ORDER}
          min={0}
          max={1_440}
        />
        <Select
          {...form.getInputProps('catchUp')}
          label="When runs were missed"
          description="Because no machine was there to start them"
          inputWrapperOrder={ORDER}
          data={CATCH_UP_OPTIONS}
          allowDeselect={false}
        />
        {form.values.catchUp === 'all' && (
          <NumberInput
            {...form.getInputProps('catchUpMax')}
            label="At most this many late runs"
            description="Older ones are left out"
            inputWrapperOrder={ORDER}
            min={1}
            max={100}
            allowDecimal={false}
          />
        )}
        <NumberInput
          {...form.getInputProps('priority')}
          label="Priority"
          description="Higher goes first; 0 is usual"
          inputWrapperOrder={ORDER}
          allowDecimal={false}
        />
        <NumberInput
          {...form.getInputProps('maxRetries')}
          label="Retries"
          description="Otherwise: as set for the system"
          inputWrapperOrder={ORDER}
          min={0}
          max={20}
          allowDecimal={false}
        />
      </SimpleGrid>
      <Checkbox
        {...form.getInputProps('allowOverlap', { type: 'checkbox' })}
        label="Start also while an earlier run is not finished"
      />
    </Stack>
  );
}
