'use client';

import { Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '#components/api/api-client.ts';
import { usePortals } from '#components/api/queries.ts';
import { notifyDone, notifyProblem } from '#components/notify.tsx';

/** Shown where the demo portals were removed; whether a demo server runs at all, the server knows. */
export function BringDemoBack() {
  const portals = usePortals().data?.items;
  const queryClient = useQueryClient();
  const restore = useMutation({
    mutationFn: () => postJson('/api/demo'),
    onSuccess: () => notifyDone('The demo portals are back: start a scrape for Georgia'),
    onError: notifyProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['portals'] }),
  });
  if (portals === undefined || portals.some(({ origin }) => origin === 'demo')) return null;
  return (
    <Group gap="xs" mt="sm">
      <Button size="compact-sm" variant="default" onClick={() => restore.mutate()} loading={restore.isPending}>
        Bring the demo back
      </Button>
      <Text size="xs" c="dimmed">
        The demo portals publish generated permits for trying things out.
      </Text>
    </Group>
  );
}
