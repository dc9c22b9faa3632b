import { Group, Stack, Text } from '@mantine/core';
import { formatBytes, formatMs } from '#components/format.ts';
import type { ApiSessionRequest } from '#lib/api/session.ts';
import { RequestTime } from './request-columns.tsx';
import { RequestTarget, RequestVerdict } from './request-facts.tsx';

/** A request on a phone. */
export function RequestCard({ request, sessionId }: { request: ApiSessionRequest; sessionId: number }) {
  const { at, status, durationMs, wireBytes } = request;
  return (
    <Stack gap={2}>
      <Group justify="space-between" gap="xs" align="baseline">
        <Text size="xs" c="dimmed" component="div">
          <RequestTime at={at} />
        </Text>
        <Text size="xs" c="dimmed">
          {status === null ? 'no answer' : `status ${status}`} · {formatMs(durationMs)} · {formatBytes(wireBytes)}
        </Text>
      </Group>
      <RequestTarget request={request} lines={5} />
      <RequestVerdict request={request} sessionId={sessionId} />
    </Stack>
  );
}
