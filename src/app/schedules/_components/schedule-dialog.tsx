'use client';

import { Alert, Button, Collapse, Group, Stack, TextInput, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { FormModal } from '#components/form-modal.tsx';
import type { ApiSchedule } from '#lib/api/schedule.ts';
import { hasOptionErrors, useScheduleForm } from './schedule-form-state.ts';
import { ScheduleOptions } from './schedule-options.tsx';
import { TargetFields } from './target-fields.tsx';
import { TimingFields } from './timing-fields.tsx';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
  /** Null: a new one. */
  schedule: ApiSchedule | null;
}

export function ScheduleDialog({ opened, onClose, schedule }: DialogProps) {
  const title = schedule === null ? 'New schedule' : 'Edit the schedule';
  return (
    <FormModal opened={opened} onClose={onClose} title={title} size="xl">
      {/* Made anew each time it opens, so that it shows the schedule as it is then. */}
      <ScheduleForm schedule={schedule} onClose={onClose} />
    </FormModal>
  );
}

function ScheduleForm({ schedule, onClose }: Omit<DialogProps, 'opened'>) {
  const { form, submit, pending, problem, isUnanswered } = useScheduleForm(schedule, onClose);
  const [wantsOptions, options] = useDisclosure(false);
  // What is wrong must be seen.
  const optionsOpen = wantsOptions || hasOptionErrors(form.errors);
  const onSubmit = form.onSubmit(submit);
  return (
    <form onSubmit={onSubmit} noValidate aria-label={schedule === null ? 'New schedule' : 'Edit the schedule'}>
      <Stack gap="md">
        <TextInput
          {...form.getInputProps('name')}
          label="Name"
          placeholder="Georgia on weekdays"
          data-autofocus
          autoComplete="off"
          maxLength={100}
        />
        <TimingFields form={form} />
        <TargetFields form={form} />
        <div>
          <UnstyledButton
            onClick={options.toggle}
            aria-expanded={optionsOpen}
            aria-controls="schedule-options"
            fz="sm"
            fw={550}
          >
            <Group gap={4} component="span">
              Options
              <IconChevronDown
                size={16}
                aria-hidden
                style={{ transform: optionsOpen ? 'rotate(180deg)' : undefined }}
              />
            </Group>
          </UnstyledButton>
          <Collapse expanded={optionsOpen} id="schedule-options" keepMountedMode="display-none">
            <ScheduleOptions form={form} />
          </Collapse>
        </div>
        {problem !== null && (
          <Alert color="red" role="alert" title={isUnanswered ? 'No answer came' : 'It was not saved'}>
            {problem} {isUnanswered && 'It may be saved all the same: look at the list before you save again.'}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            {schedule === null ? 'Create' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
