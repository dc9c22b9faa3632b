'use client';

import { ActionIcon, Tooltip } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { postJson } from './api/api-client.ts';
import { notifyProblem } from './notify.tsx';

export function SignOutButton() {
  const signOut = useMutation({
    mutationFn: () => postJson('/api/auth/sign-out'),
    onSuccess: () => window.location.assign('/sign-in'),
    onError: notifyProblem,
  });
  return (
    <Tooltip label="Sign out">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Sign out"
        loading={signOut.isPending}
        onClick={() => signOut.mutate()}
      >
        <IconLogout size={18} stroke={1.8} />
      </ActionIcon>
    </Tooltip>
  );
}
