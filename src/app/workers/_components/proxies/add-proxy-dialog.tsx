import { Alert, Button, Group, PasswordInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ApiError } from '#components/api/api-client.ts';
import { FormModal } from '#components/form-modal.tsx';
import { notifyDone } from '#components/notify.tsx';
import type { ApiProxyImport } from '#lib/api/proxy.ts';
import { withCredentials } from './proxy-url.ts';
import { TierInput } from './tier-input.tsx';
import { useImportProxies } from './use-import-proxies.ts';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
}

export function AddProxyDialog({ opened, onClose }: DialogProps) {
  return (
    <FormModal opened={opened} onClose={onClose} title="Add a proxy" size="md">
      {/* What was typed, a password among it, is gone when the dialog closes. */}
      <AddProxyForm onClose={onClose} />
    </FormModal>
  );
}

const EMPTY = { address: '', username: '', password: '', tier: 0 };

function AddProxyForm({ onClose }: { onClose: () => void }) {
  const [fields, setFields] = useState(EMPTY);
  const change = (next: Partial<typeof EMPTY>) => setFields((old) => ({ ...old, ...next }));
  const add = useImportProxies((result) => {
    notifyDone(doneInWords(result));
    onClose();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ url: withCredentials(fields.address, fields.username, fields.password), tier: fields.tier });
  };
  const { field, general } = toMessages(add.error);
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Address"
          description="http, https or socks5"
          placeholder="http://proxy.example.com:8080"
          required
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          value={fields.address}
          error={field}
          onChange={(event) => change({ address: event.currentTarget.value })}
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput
            label="User name"
            placeholder="if it asks for one"
            autoComplete="off"
            spellCheck={false}
            value={fields.username}
            onChange={(event) => change({ username: event.currentTarget.value })}
          />
          <PasswordInput
            label="Password"
            placeholder="never shown again"
            autoComplete="new-password"
            value={fields.password}
            onChange={(event) => change({ password: event.currentTarget.value })}
          />
        </SimpleGrid>
        <TierInput value={fields.tier} onChange={(tier) => change({ tier })} />
        {general !== null && (
          <Alert color="red" role="alert">
            {general}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending} disabled={fields.address.trim() === ''}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function doneInWords({ added }: ApiProxyImport): string {
  if (added > 0) return 'The proxy is added; it is used as soon as it has passed its tests';
  return 'The proxy was there already; it has the password and the tier that you gave';
}

/** A problem of the address stands beside its field, any other below the form. */
function toMessages(error: Error | null): { field: string | null; general: string | null } {
  if (error === null) return { field: null, general: null };
  const field = error instanceof ApiError ? (error.fields.url ?? null) : null;
  return { field, general: field === null ? error.message : null };
}
