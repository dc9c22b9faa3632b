import { Box, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useSchedulePreview } from '#components/api/schedule-queries.ts';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ScheduleValues } from './schedule-form-state.ts';
import { formatInZone } from './zone-time.ts';

/** Asked once the typing pauses. */
const TYPING_MS = 250;

/** What the rule that is being typed means: in words, and its next runs. */
export function RulePreview({ values }: { values: ScheduleValues }) {
  const byCron = values.timing === 'cron';
  const typed = {
    cron: byCron ? values.cron.trim() : null,
    timeZone: values.timeZone,
    everyMinutes: byCron || values.everyMinutes === '' ? null : values.everyMinutes,
  };
  const [rule] = useDebouncedValue(JSON.stringify(typed), TYPING_MS);
  const preview = useSchedulePreview(JSON.parse(rule) as typeof typed);
  return (
    <Box
      role="status"
      aria-label="Preview"
      p="sm"
      mih={84}
      style={{ border: '1px solid var(--eko-border)', borderRadius: 'var(--mantine-radius-md)' }}
    >
      {preview.error !== null ? (
        <Text size="sm" c="var(--eko-bad)">
          {preview.error.message}
        </Text>
      ) : (
        preview.data && (
          <>
            <Text size="sm" fw={550}>
              {preview.data.description}
            </Text>
            <NextRuns next={preview.data.next} timeZone={preview.data.timeZone} />
          </>
        )
      )}
    </Box>
  );
}

export function NextRuns({ next, timeZone }: { next: readonly string[]; timeZone: string }) {
  return (
    <Box component="ol" m={0} mt={4} pl="lg" fz="sm" aria-label="Next runs">
      {next.map((at) => (
        <li key={at}>
          <span suppressHydrationWarning>{formatInZone(at, timeZone)}</span>{' '}
          <Text span size="xs" c="dimmed">
            <RelativeTime at={at} />
          </Text>
        </li>
      ))}
    </Box>
  );
}
