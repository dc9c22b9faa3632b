import { Alert, Button, Group, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { postJson } from '#components/api/api-client.ts';
import { FormModal } from '#components/form-modal.tsx';
import { placeErrors } from '#components/place-errors.ts';
import type { ApiNewToken } from '#lib/api/token.ts';
import type { Role } from '#lib/db/schema/vocabulary.ts';
import { MadeToken } from './made-token.tsx';
import { ROLE_CHOICES } from './role-words.ts';

interface NewTokenDialogProps {
  title: string;
  /** Asks for nothing that a bot's token does not have. */
  forBot?: boolean;
  opened: boolean;
  onClose: () => void;
}

export function NewTokenDialog({ title, forBot = false, opened, onClose }: NewTokenDialogProps) {
  return (
    <FormModal opened={opened} onClose={onClose} title={title} size="lg">
      {/* The token, which was shown once, is gone when the dialog closes. */}
      <NewToken forBot={forBot} onClose={onClose} />
    </FormModal>
  );
}

interface Fields {
  name: string;
  role: Role;
  sources: string;
  days: number | string;
}

const SHOWN = ['name', 'role', 'sources', 'expiresInDays'] as const;
type ShownField = (typeof SHOWN)[number];
const NO_PROBLEM: ReturnType<typeof placeErrors<ShownField>> = { fields: {}, rest: null };

/** "sources.1" stands beside the sources. */
function toFormField(name: string): ShownField | undefined {
  return SHOWN.find((field) => field === name.split('.', 1)[0]);
}

function NewToken({ forBot, onClose }: { forBot: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [fields, setFields] = useState<Fields>({ name: '', role: forBot ? 'bot' : 'viewer', sources: '', days: '' });
  const make = useMutation({
    mutationFn: () => postJson<ApiNewToken>('/api/tokens', toRequest(fields)),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (make.data !== undefined) return <MadeToken made={make.data} onClose={onClose} />;
  const { fields: problems, rest } = make.error === null ? NO_PROBLEM : placeErrors(make.error, toFormField);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TokenFields
          fields={fields}
          problems={problems}
          withRole={!forBot}
          change={(next) => setFields((old) => ({ ...old, ...next }))}
        />
        {rest !== null && (
          <Alert color="red" role="alert">
            {rest}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending} disabled={fields.name.trim() === ''}>
            Make the token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface TokenFieldsProps {
  fields: Fields;
  problems: Partial<Record<ShownField, string>>;
  withRole: boolean;
  change: (next: Partial<Fields>) => void;
}

function TokenFields({ fields, problems, withRole, change }: TokenFieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        description="What it is for; shown in lists"
        placeholder="Notice readers"
        required
        data-autofocus
        autoComplete="off"
        value={fields.name}
        error={problems.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      {withRole && (
        <Select
          label="Role"
          data={ROLE_CHOICES}
          allowDeselect={false}
          value={fields.role}
          error={problems.role}
          onChange={(role) => change({ role: role ?? 'viewer' })}
        />
      )}
      {fields.role === 'bot' && (
        <TextInput
          label="Sources"
          description="All that it may claim, with commas; empty is every source"
          placeholder="notices, tenders"
          autoComplete="off"
          spellCheck={false}
          value={fields.sources}
          error={problems.sources}
          onChange={(event) => change({ sources: event.currentTarget.value })}
        />
      )}
      <NumberInput
        label="Ends after"
        description="Days; empty is never"
        min={1}
        max={3650}
        allowDecimal={false}
        value={fields.days}
        error={problems.expiresInDays}
        onChange={(days) => change({ days })}
      />
    </>
  );
}

function toRequest({ name, role, sources, days }: Fields) {
  const named = sources
    .split(',')
    .map((source) => source.trim())
    .filter(Boolean);
  return {
    name: name.trim(),
    role,
    ...(role === 'bot' && named.length > 0 ? { sources: named } : {}),
    // A text that is no number is refused by the server, beside its field; left out it would mean never.
    ...(days === '' ? {} : { expiresInDays: Number(days) }),
  };
}
