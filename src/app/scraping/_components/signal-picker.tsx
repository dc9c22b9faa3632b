'use client';

import { Chip, Group, Input } from '@mantine/core';
import { isSignal, SIGNAL_OPTIONS } from '#components/signals.tsx';
import { EVERY_PERMIT, type StartFormApi } from './start-form-state.ts';

/** What the permits should be about. "Every permit" stands alone: with it there is nothing left to choose. */
export function SignalPicker({ form }: { form: StartFormApi }) {
  const { value, onChange, error } = form.getInputProps('signals');
  const choose = (next: string[]) => {
    const picked = next.at(-1) === EVERY_PERMIT ? [EVERY_PERMIT] : next.filter(isSignal);
    onChange(picked);
  };
  return (
    <Input.Wrapper label="Looking for" labelElement="div" error={error} id="signals">
      <Chip.Group multiple value={value} onChange={choose}>
        <Group gap={6} mt={4} role="group" aria-label="Looking for">
          {SIGNAL_OPTIONS.map((option) => (
            <Chip key={option.value} value={option.value} size="sm" variant="outline">
              {option.label}
            </Chip>
          ))}
          <Chip value={EVERY_PERMIT} size="sm" variant="outline">
            Every permit
          </Chip>
        </Group>
      </Chip.Group>
    </Input.Wrapper>
  );
}
