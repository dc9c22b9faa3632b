'use client';

import { NumberInput, SimpleGrid, TextInput } from '@mantine/core';
import type { StartFormApi } from './start-form-state.ts';

export function StartOptions({ form }: { form: StartFormApi }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="md">
      <TextInput
        {...form.getInputProps('since')}
        type="date"
        label="Permits since"
        description="Otherwise: what is new since the last run, 90 days on a first one"
        inputWrapperOrder={['label', 'input', 'error', 'description']}
      />
      <NumberInput
        {...form.getInputProps('maxRows')}
        label="At most this many rows"
        description="Otherwise: all there are"
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        min={1}
        allowDecimal={false}
        thousandSeparator=","
      />
      <NumberInput
        {...form.getInputProps('priority')}
        label="Priority"
        description="Higher goes first; 0 is usual"
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        allowDecimal={false}
      />
    </SimpleGrid>
  );
}
