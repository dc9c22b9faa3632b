import { ActionIcon, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteJson } from '#components/api/api-client.ts';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import { useMayAdminister } from '#components/use-may-write.ts';
import type { ApiBot } from '#lib/api/bot.ts';

export function RemoveBot({ bot: { botId, name } }: { bot: ApiBot }) {
  const mayRemove = useMayAdminister();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteJson(`/api/bots/${botId}`),
    onSuccess: () => notifyDone(`${name} is removed; what it was working on is given to others`),
    onError: notifyProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['workers'] }),
  });
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={26}
      aria-label={`Remove ${name}`}
      loading={remove.isPending}
      disabled={!mayRemove}
      onClick={() => askToRemove(name, () => remove.mutate())}
    >
      <IconTrash size={16} />
    </ActionIcon>
  );
}

function askToRemove(name: string, remove: () => void): void {
  modals.openConfirmModal({
    title: 'Remove this bot?',
    children: (
      <Text size="sm">
        What {name} is working on goes back at once. Its program can register again with the same token; to keep it
        away, revoke the token.
      </Text>
    ),
    labels: { confirm: 'Remove the bot', cancel: 'Keep it' },
    confirmProps: { color: 'red' },
    onConfirm: remove,
  });
}
