'use client';

import { Button, Group, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconCheck, IconPlayerStop, IconRefresh, IconTerminal2 } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '#components/api/api-client.ts';
import { CopyText } from '#components/copy-text.tsx';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import { useMayWrite } from '#components/use-may-write.ts';
import type { ApiSessionDetail } from '#lib/api/session.ts';
import { toCurl } from './to-curl.ts';

export function SessionActions({ session }: { session: ApiSessionDetail }) {
  const ended = session.status !== 'pending' && session.status !== 'running';
  const mayWrite = useMayWrite();
  return (
    <Group gap="xs">
      <CopyAsCurl session={session} />
      {mayWrite && ended && <RetryButton session={session} />}
      {mayWrite && !ended && <CancelButton session={session} />}
    </Group>
  );
}

function useSessionAction(session: ApiSessionDetail, action: 'cancel' | 'retry', done: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => postJson(`/api/sessions/${session.id}/${action}`),
    onSuccess: () => notifyDone(done),
    onError: notifyProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['sessions'] }),
  });
}

function CancelButton({ session }: { session: ApiSessionDetail }) {
  const cancel = useSessionAction(session, 'cancel', `Session ${session.id} was asked to stop`);
  const ask = () =>
    modals.openConfirmModal({
      title: 'Cancel this session?',
      children: <Text size="sm">{cancelWords(session)}</Text>,
      labels: { confirm: 'Cancel the session', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => cancel.mutate(),
    });
  return (
    <Button
      variant="default"
      size="sm"
      leftSection={<IconPlayerStop size={16} aria-hidden />}
      onClick={ask}
      loading={cancel.isPending}
      disabled={session.cancelRequested}
    >
      {session.cancelRequested ? 'Cancelling…' : 'Cancel'}
    </Button>
  );
}

function cancelWords(session: ApiSessionDetail): string {
  if (session.status === 'pending')
    return 'It has not started, so it is cancelled at once. You can start it again later.';
  return 'Its worker is asked to stop and does so after the page it is reading, usually within seconds. Leads found until then are kept, and a retry goes on from there.';
}

function RetryButton({ session }: { session: ApiSessionDetail }) {
  const retry = useSessionAction(session, 'retry', `Session ${session.id} waits for a worker again`);
  return (
    <Button
      variant={session.status === 'completed' ? 'default' : 'filled'}
      size="sm"
      leftSection={<IconRefresh size={16} aria-hidden />}
      onClick={() => retry.mutate()}
      loading={retry.isPending}
    >
      {session.status === 'completed' ? 'Run again' : 'Retry'}
    </Button>
  );
}

function CopyAsCurl({ session }: { session: ApiSessionDetail }) {
  return (
    <CopyText value={toCurl(session, typeof window === 'undefined' ? '' : window.location.origin)}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="sm"
          leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconTerminal2 size={16} aria-hidden />}
          onClick={copy}
          title="The request that starts the same scrape, for a terminal"
        >
          {copied ? 'Copied' : 'Copy as curl'}
        </Button>
      )}
    </CopyText>
  );
}
