'use client';

import { Button, Group, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteJson } from '#components/api/api-client.ts';
import { DemoBadge } from '#components/demo-badge.tsx';
import { formatCount, plural } from '#components/format.ts';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import { useMayWrite } from '#components/use-may-write.ts';
import classes from './demo-notice.module.css';

/** Says that some leads are made up, and removes them with one action. */
export function DemoNotice({ count }: { count: number }) {
  const queryClient = useQueryClient();
  const mayWrite = useMayWrite();
  const remove = useMutation({
    mutationFn: () => deleteJson('/api/demo'),
    onSuccess: () => notifyDone('The demo data is gone'),
    onError: notifyProblem,
    onSettled: () => queryClient.invalidateQueries(),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: 'Remove the demo data?',
      children: (
        <Text size="sm">
          This removes the demo portals and {plural(count, 'lead')}; everything real stays. To get the demo back later,
          open Options on the Scraping page, press “Bring the demo back” and start a scrape for Georgia.
        </Text>
      ),
      labels: { confirm: 'Remove demo data', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    });
  return (
    <Group className={classes.notice} justify="space-between" gap="xs">
      <Group gap="xs">
        <DemoBadge />
        <Text size="sm">
          {formatCount(count)} {count === 1 ? 'of these leads is' : 'of these leads are'} generated demo data: nobody to
          call.
        </Text>
      </Group>
      {mayWrite && (
        <Button size="compact-sm" variant="default" onClick={ask} loading={remove.isPending}>
          Remove demo data
        </Button>
      )}
    </Group>
  );
}
