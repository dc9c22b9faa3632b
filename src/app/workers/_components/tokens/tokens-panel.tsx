'use client';

import { Badge, Button, Table, Text, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { modals } from '@mantine/modals';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteJson } from '#components/api/api-client.ts';
import { useAccount, useTokens } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { notifyDone, notifyProblem } from '#components/notify.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { useProblem } from '#components/use-problem.ts';
import type { ApiToken } from '#lib/api/token.ts';
import classes from '../plain-table.module.css';
import { NewTokenDialog } from './new-token-dialog.tsx';

/** The tokens of programs, for admins: to make and to revoke. */
export function TokensPanel() {
  const isAdmin = useAccount().data?.role === 'admin';
  return isAdmin ? <AdminTokens /> : null;
}

function AdminTokens() {
  const tokens = useTokens();
  const problem = useProblem(tokens);
  const [opened, dialog] = useDisclosure();
  const good = tokens.data?.items.filter(({ revokedAt }) => revokedAt === null);
  return (
    <Panel
      title="Tokens"
      hint="for programs that use the API"
      actions={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={dialog.open}
        >
          Make a token
        </Button>
      }
      flush
    >
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={tokens.refetch} />
      ) : (
        <TokensTable tokens={good} />
      )}
      <NewTokenDialog title="Make a token" opened={opened} onClose={dialog.close} />
    </Panel>
  );
}

function TokensTable({ tokens }: { tokens: readonly ApiToken[] | undefined }) {
  if (tokens === undefined) {
    return (
      <Text size="sm" c="dimmed" px="md" py="sm">
        Loading…
      </Text>
    );
  }
  if (tokens.length === 0) {
    return (
      <EmptyPanel icon={IconKey} title="No token is in use">
        The admin token of the settings always works. A token of its own gives each program only the rights that it
        needs, and can be revoked without disturbing the others.
      </EmptyPanel>
    );
  }
  return (
    <Table fz="sm" verticalSpacing={6} horizontalSpacing="md" className={classes.table} aria-label="Tokens">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th>Role</Table.Th>
          <Table.Th>Sources</Table.Th>
          <Table.Th>Last used</Table.Th>
          <Table.Th>Ends</Table.Th>
          <Table.Th>
            <VisuallyHidden>Actions</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {tokens.map((token) => (
          <TokenRow key={token.id} token={token} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function TokenRow({ token }: { token: ApiToken }) {
  const { name, role, sources, lastUsedAt, expiresAt } = token;
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{name}</Table.Td>
      <Table.Td data-label="Role">
        <Badge variant="light" color={role === 'admin' ? 'red' : 'gray'} size="sm">
          {role}
        </Badge>
      </Table.Td>
      <Table.Td data-label="Sources">{role === 'bot' ? (sources?.join(', ') ?? 'all') : '–'}</Table.Td>
      <Table.Td data-label="Last used">{lastUsedAt === null ? 'never' : <RelativeTime at={lastUsedAt} />}</Table.Td>
      <Table.Td data-label="Ends">{expiresAt === null ? 'never' : <RelativeTime at={expiresAt} />}</Table.Td>
      <Table.Td ta="right">
        <RevokeToken token={token} />
      </Table.Td>
    </Table.Tr>
  );
}

function RevokeToken({ token: { id, name } }: { token: ApiToken }) {
  const queryClient = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => deleteJson(`/api/tokens/${id}`),
    onSuccess: () => notifyDone(`${name} is revoked`),
    onError: notifyProblem,
    onSettled: () =>
      Promise.all(['tokens', 'workers'].map((topic) => queryClient.invalidateQueries({ queryKey: [topic] }))),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: 'Revoke this token?',
      children: (
        <Text size="sm">
          Every program that uses {name} is refused from now on, and what its bots are working on goes back. This cannot
          be undone.
        </Text>
      ),
      labels: { confirm: 'Revoke the token', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => revoke.mutate(),
    });
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      color="red"
      loading={revoke.isPending}
      onClick={ask}
      aria-label={`Revoke ${name}`}
    >
      Revoke
    </Button>
  );
}
