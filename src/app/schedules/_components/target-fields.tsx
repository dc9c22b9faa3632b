import { ActionIcon, Autocomplete, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { usePortals, useSources } from '#components/api/queries.ts';
import { knownPlaces, matchPlaces } from '../../scraping/_components/known-places.ts';
import { newTarget, type ScheduleFormApi } from './schedule-form-state.ts';

const SUGGESTIONS_SHOWN = 8;

/** What is started: one line per source and place. */
export function TargetFields({ form }: { form: ScheduleFormApi }) {
  const { targets } = form.values;
  return (
    <Stack gap="xs" role="group" aria-labelledby="schedule-targets">
      <Text size="sm" fw={550} id="schedule-targets">
        What is scraped
      </Text>
      {targets.map((_target, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and the form keeps their values
        <TargetLine key={index} form={form} index={index} />
      ))}
      <Group justify="space-between" gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() =>
            form.insertListItem('targets', { ...newTarget(), source: targets.at(-1)?.source ?? 'permits' })
          }
        >
          Add a place
        </Button>
        {typeof form.errors.targets === 'string' && (
          <Text size="xs" c="var(--eko-bad)">
            {form.errors.targets}
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function TargetLine({ form, index }: { form: ScheduleFormApi; index: number }) {
  const sources = (useSources().data?.items ?? []).map(({ source, label }) => ({ value: source, label }));
  const places = knownPlaces(usePortals().data?.items ?? []);
  const { source = '', location = '' } = form.values.targets[index] ?? {};
  const isKnown = sources.some(({ value }) => value === source);
  const line = `of line ${index + 1}`;
  return (
    <Group gap="xs" align="flex-start" wrap="wrap">
      <Select
        {...form.getInputProps(`targets.${index}.source`)}
        aria-label={`Source ${line}`}
        data={isKnown || source === '' ? sources : [...sources, { value: source, label: source }]}
        allowDeselect={false}
        w={170}
      />
      <Autocomplete
        {...form.getInputProps(`targets.${index}.location`)}
        aria-label={`Place ${line}`}
        placeholder="A state, county or city"
        data={source === 'permits' ? matchPlaces(places, location).slice(0, SUGGESTIONS_SHOWN) : []}
        filter={({ options }) => options}
        autoComplete="off"
        maxLength={200}
        style={{ flex: '1 1 200px' }}
      />
      <TextInput
        {...form.getInputProps(`targets.${index}.params`)}
        aria-label={`Params ${line}`}
        placeholder="Params as JSON, if any"
        autoComplete="off"
        spellCheck={false}
        style={{ flex: '1 1 160px' }}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={`Remove line ${index + 1}`}
        disabled={form.values.targets.length === 1}
        onClick={() => form.removeListItem('targets', index)}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}
