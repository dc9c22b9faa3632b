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
  const mayWrite = useMayWrite();
  return (
    <Group gap="xs">
      <CopyAsCurl session={session} />
      {mayWrite && <MainAction session={session} />}
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

/** One button, whatever it does in which state: whoever pressed it by keyboard stays on it when the state changes. */
function MainAction({ session }: { session: ApiSessionDetail }) {
  const cancel = useSessionAction(session, 'cancel', `Session ${session.id} was asked to stop`);
  const retry = useSessionAction(session, 'retry', `Session ${session.id} waits for a worker again`);
  const ended = session.status !== 'pending' && session.status !== 'running';
  const Icon = ended ? IconRefresh : IconPlayerStop;
  return (
    <Button
      variant={ended && session.status !== 'completed' ? 'filled' : 'default'}
      size="sm"
      leftSection={<Icon size={16} aria-hidden />}
      onClick={() => (ended ? retry.mutate() : askToCancel(session, () => cancel.mutate()))}
      loading={cancel.isPending || retry.isPending}
      disabled={!ended && session.cancelRequested}
    >
      {actionWord(session, ended)}
    </Button>
  );
}

function actionWord({ status, cancelRequested }: ApiSessionDetail, ended: boolean): string {
  if (ended) return status === 'completed' ? 'Run again' : 'Retry';
  return cancelRequested ? 'Cancelling…' : 'Cancel';
}

function askToCancel(session: ApiSessionDetail, cancel: () => void): void {
  modals.openConfirmModal({
    title: 'Cancel this session?',
    children: <Text size="sm">{cancelWords(session)}</Text>,
    labels: { confirm: 'Cancel the session', cancel: 'Keep it' },
    confirmProps: { color: 'red' },
    onConfirm: cancel,
  });
}

function cancelWords(session: ApiSessionDetail): string {
  if (session.status === 'pending')
    return 'It has not started, so it is cancelled at once. You can start it again later.';
  return 'Its worker is asked to stop and does so after the page it is reading, usually within seconds. Leads found until then are kept, and a retry goes on from there.';
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
