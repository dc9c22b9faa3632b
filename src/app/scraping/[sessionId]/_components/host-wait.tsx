'use client';

import { Group, Paper, Text } from '@mantine/core';
import { IconClockPause } from '@tabler/icons-react';
import { PageLink } from '#components/page-link.tsx';
import { UpcomingTime } from '#components/relative-time.tsx';
import { ResumeButton } from '#components/resume-button.tsx';
import type { ApiHostWait } from '#lib/api/session.ts';
import type { HostState } from '#lib/hosts/host-state.ts';

const WHY: Record<HostState, string> = {
  paused: 'is paused for everybody',
  'backing-off': 'asked for less, so it is left alone for a while',
  'robots-unreachable': 'has a robots.txt that cannot be read, so its pages wait',
  slowed: 'is asked by others, and slowly after errors',
  ready: 'is asked by others right now',
};

/** The host that a session waits for, until when and why. */
export function HostWait({ wait }: { wait: ApiHostWait }) {
  return (
    <Paper component="section" withBorder bg="var(--eko-surface)" p="md" aria-label="What it waits for">
      <Group justify="space-between" gap="sm" align="flex-start">
        <Group gap={12} wrap="nowrap" align="flex-start" style={{ minWidth: 0, flex: '1 1 300px' }}>
          <IconClockPause size={20} color="var(--eko-warn)" aria-hidden style={{ flex: 'none' }} />
          <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
            <Text size="sm">
              <PageLink href={`/workers?host=${encodeURIComponent(wait.hostKey)}`} size="sm" fw={600}>
                {wait.hostKey}
              </PageLink>{' '}
              {WHY[wait.state]}.{' '}
              {wait.until === null ? (
                'The session goes on when it is its turn.'
              ) : (
                <>
                  It is asked again <UpcomingTime at={wait.until} past="any moment" />.
                </>
              )}
            </Text>
            {wait.reason !== null && (
              <Text size="sm" c="dimmed">
                {wait.reason}
              </Text>
            )}
          </div>
        </Group>
        <ResumeButton host={wait} />
      </Group>
    </Paper>
  );
}
