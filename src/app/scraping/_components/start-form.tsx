'use client';

import { Alert, Autocomplete, Button, Checkbox, Collapse, Group, Paper, Stack, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconChevronDown, IconMapPin, IconPlayerPlay } from '@tabler/icons-react';
import { usePortals, useSources } from '#components/api/queries.ts';
import type { ApiTriggerResponse } from '#lib/api/session.ts';
import { BringDemoBack } from './bring-demo-back.tsx';
import { knownPlaces, matchPlaces } from './known-places.ts';
import { SignalPicker } from './signal-picker.tsx';
import classes from './start-form.module.css';
import { hasOptionErrors, type StartFormApi, useStartForm } from './start-form-state.ts';
import { StartOptions } from './start-options.tsx';

export function StartForm({ onStarted }: { onStarted: (answer: ApiTriggerResponse) => void }) {
  const { form, submit, pending, problem, isUnanswered } = useStartForm(onStarted);
  const [wantsOptions, { toggle }] = useDisclosure(false);
  // What is wrong must be seen.
  const optionsOpen = wantsOptions || hasOptionErrors(form.errors);
  const onSubmit = form.onSubmit(submit);
  return (
    <Paper
      component="form"
      withBorder
      bg="var(--eko-surface)"
      p="md"
      // Until the page has come alive, Enter would load it anew; so it does nothing.
      method="dialog"
      onSubmit={onSubmit}
      aria-label="Start a scrape"
      noValidate
    >
      <Stack gap="sm">
        <div className={classes.main}>
          <LocationInput form={form} />
          <Button type="submit" size="md" loading={pending} leftSection={<IconPlayerPlay size={17} aria-hidden />}>
            Start
          </Button>
        </div>
        <SignalPicker form={form} />
        <Group gap="lg" justify="space-between" align="flex-end">
          <SourceBoxes form={form} />
          <UnstyledButton
            className={classes.disclosure}
            onClick={toggle}
            aria-expanded={optionsOpen}
            aria-controls="start-options"
          >
            Options
            <IconChevronDown size={16} aria-hidden data-open={optionsOpen || undefined} />
          </UnstyledButton>
        </Group>
        <Collapse expanded={optionsOpen} id="start-options" keepMountedMode="display-none">
          <StartOptions form={form} />
          <BringDemoBack />
        </Collapse>
        {problem !== null && <Problem problem={problem} isUnanswered={isUnanswered} />}
      </Stack>
    </Paper>
  );
}

function Problem({ problem, isUnanswered }: { problem: string; isUnanswered: boolean }) {
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={isUnanswered ? 'No answer came' : 'The scrape was not started'}
      role="alert"
    >
      {problem} {isUnanswered && 'Press Start again once it is back: the scrape starts once only.'}
    </Alert>
  );
}

const SUGGESTIONS_SHOWN = 8;

function LocationInput({ form }: { form: StartFormApi }) {
  const places = knownPlaces(usePortals().data?.items ?? []);
  return (
    <Autocomplete
      {...form.getInputProps('location')}
      key={form.key('location')}
      label="Location"
      placeholder="A state, county or city, such as Georgia"
      size="md"
      data={matchPlaces(places, form.values.location).slice(0, SUGGESTIONS_SHOWN)}
      filter={({ options }) => options}
      leftSection={<IconMapPin size={18} stroke={1.8} aria-hidden />}
      inputWrapperOrder={['label', 'error', 'input']}
      autoComplete="off"
      maxLength={200}
    />
  );
}

function SourceBoxes({ form }: { form: StartFormApi }) {
  const sources = (useSources().data?.items ?? []).filter(({ byNameOnly, botsOnly }) => !byNameOnly || botsOnly);
  const usual = sources.filter(({ byNameOnly }) => !byNameOnly).map(({ source }) => source);
  const { value, ...input } = form.getInputProps('sources');
  return (
    <Checkbox.Group {...input} value={value ?? usual} label="Sources" size="sm">
      <Group gap="md" mt={6} mih={24}>
        {sources.map(({ source, label, description }) => (
          <Checkbox key={source} value={source} label={label} title={description} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
