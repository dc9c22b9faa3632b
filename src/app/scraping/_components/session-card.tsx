import { Group, Stack, Text } from '@mantine/core';
import { formatCount, plural } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { SessionProgressCell } from '#components/session-progress-cell.tsx';
import { SessionState } from '#components/session-state.tsx';
import type { ApiSession } from '#lib/api/session.ts';
import { SessionWhen } from './session-when.tsx';

/** A session on a phone. */
export function SessionCard({ session, labelOf }: { session: ApiSession; labelOf: (source: string) => string }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <PageLink href={`/scraping/${session.id}`} fw={600} size="sm">
          {session.location}
        </PageLink>
        <SessionState session={session} />
      </Group>
      <SessionProgressCell session={session} />
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed" component="div">
          {labelOf(session.source)} · <SessionWhen session={session} />
        </Text>
        <PageLink href={`/leads?sessionId=${session.id}`} size="sm">
          {plural(session.leadsFound, 'lead')} ({formatCount(session.leadsNew)} new)
        </PageLink>
      </Group>
    </Stack>
  );
}
