'use client';

import { Code, Paper, Spoiler, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ApiSessionDetail, StoredError } from '#lib/api/session.ts';
import { adviceFor } from './error-advice.ts';
import classes from './error-panel.module.css';

/** What went wrong, why, and what to do about it, in that order; the technical part is folded away. */
export function ErrorPanel({ session, error }: { session: ApiSessionDetail; error: StoredError }) {
  const final = session.status === 'failed';
  return (
    <Paper
      component="section"
      withBorder
      className={classes.panel}
      data-final={final || undefined}
      aria-label="What went wrong"
    >
      <IconAlertTriangle size={20} aria-hidden className={classes.icon} />
      <Stack gap={6} style={{ minWidth: 0, flex: 1 }}>
        <Title order={2} fz="sm">
          {final ? 'Why it failed' : 'What went wrong in the last attempt'}
        </Title>
        <Text size="sm">{error.message}</Text>
        {error.cause !== undefined && (
          <Text size="sm" c="dimmed">
            Cause: {error.cause}
          </Text>
        )}
        <Text size="sm">
          <strong>What to do:</strong> {adviceFor(error.code, final)}
        </Text>
        <Details error={error} />
      </Stack>
    </Paper>
  );
}

function Details({ error }: { error: StoredError }) {
  const context = error.context === undefined || Object.keys(error.context).length === 0 ? null : error.context;
  return (
    <Spoiler maxHeight={0} showLabel="Technical details" hideLabel="Hide details" fz="sm">
      <Code block fz="xs" mb={4}>
        {[`code: ${error.code}`, context === null ? null : JSON.stringify(context, null, 2), error.stack]
          .filter((part) => part !== null && part !== undefined)
          .join('\n\n')}
      </Code>
    </Spoiler>
  );
}
