import { Alert, Button, FileButton, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconFileText } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { FormModal } from '#components/form-modal.tsx';
import { plural } from '#components/format.ts';
import { notifyProblem } from '#components/notify.tsx';
import type { ApiProxyImport } from '#lib/api/proxy.ts';
import { ImportReport } from './import-report.tsx';
import { TierInput } from './tier-input.tsx';
import { useImportProxies } from './use-import-proxies.ts';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
}

export function ImportProxiesDialog({ opened, onClose }: DialogProps) {
  return (
    <FormModal opened={opened} onClose={onClose} title="Import a list of proxies" size="lg">
      {/* What was pasted, passwords among it, is gone when the dialog closes. */}
      <ImportSteps onClose={onClose} />
    </FormModal>
  );
}

/** First the list, then what became of it. */
function ImportSteps({ onClose }: { onClose: () => void }) {
  const [result, setResult] = useState<ApiProxyImport | null>(null);
  if (result !== null) return <ImportReport result={result} onAgain={() => setResult(null)} onClose={onClose} />;
  return <ImportForm onDone={setResult} onClose={onClose} />;
}

const EXAMPLE = `http://user:password@proxy.example.com:8080
socks5://proxy.example.net:1080
proxy.example.org:3128
proxy.example.org:3129:user:password`;

function ImportForm({ onDone, onClose }: { onDone: (result: ApiProxyImport) => void; onClose: () => void }) {
  const [list, setList] = useState('');
  const [tier, setTier] = useState(0);
  const send = useImportProxies(onDone);
  const lines = countLines(list);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate({ list, tier });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Textarea
          label="One proxy a line"
          description="Addresses, host:port, host:port:user:password, or CSV whose first line names its columns. # begins a comment."
          placeholder={EXAMPLE}
          rows={9}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
          value={list}
          onChange={(event) => setList(event.currentTarget.value)}
        />
        <Group justify="space-between" align="flex-end" gap="sm">
          <TierInput value={tier} onChange={setTier} />
          <FileButton accept="text/plain,text/csv,.txt,.csv,.list" onChange={(file) => readFile(file, setList)}>
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconFileText size={16} aria-hidden />}>
                Take a file
              </Button>
            )}
          </FileButton>
        </Group>
        {send.error !== null && (
          <Alert color="red" role="alert">
            {send.error.message}
          </Alert>
        )}
        <Group justify="space-between" gap="xs">
          <Text size="xs" c="dimmed">
            {plural(lines, 'line')}. Passwords are stored encrypted and never shown again.
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={send.isPending} disabled={lines === 0}>
              Import
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

const countLines = (list: string) => list.split('\n').filter((line) => /^\s*[^#\s]/.test(line)).length;

async function readFile(file: File | null, onText: (text: string) => void): Promise<void> {
  if (file === null) return;
  try {
    onText(await file.text());
  } catch (error) {
    notifyProblem(error instanceof Error ? error : new Error(String(error)));
  }
}
