import { Text } from '@mantine/core';
import { RelativeTime, RunningTime } from '#components/relative-time.tsx';
import type { ApiSession } from '#lib/api/session.ts';

/** When it started; below that how long it has been running. One that has not started yet says when it was asked for. */
export function SessionWhen({ session: { status, createdAt, startedAt } }: { session: ApiSession }) {
  if (startedAt === null) return <RelativeTime at={createdAt} prefix="asked " />;
  return (
    <>
      <RelativeTime at={startedAt} />
      {status === 'running' && (
        <Text size="xs" c="dimmed" component="div">
          for <RunningTime from={startedAt} />
        </Text>
      )}
    </>
  );
}
