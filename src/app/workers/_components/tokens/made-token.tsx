import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { CopyText } from '#components/copy-text.tsx';
import type { ApiNewToken } from '#lib/api/token.ts';

/** The only time that a token is shown, with what to do with it. */
export function MadeToken({ made, onClose }: { made: ApiNewToken; onClose: () => void }) {
  return (
    <Stack gap="sm">
      <Alert color="gray" variant="default" title="Copy the token now">
        It is shown this once and kept nowhere. Whoever loses it makes another one.
      </Alert>
      <Copyable text={made.token} label="Copy the token" />
      <HowToUse made={made} />
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}

function HowToUse({ made }: { made: ApiNewToken }) {
  if (made.role === 'bot') return <BotCommands made={made} />;
  return made.role === 'worker' ? <WorkerCommand token={made.token} /> : <CallCommand token={made.token} />;
}

function WorkerCommand({ token }: { token: string }) {
  const run = `EKO_SERVER_TOKEN=${token} \\\n  npx eko worker --server ${window.location.origin}`;
  return (
    <>
      <Text size="sm">On the other machine, in a copy of this project (it needs no database):</Text>
      <Copyable text={run} label="Copy the command" />
      <Text size="sm">The machine appears on this page within seconds. docs/workers-over-http.md tells more.</Text>
    </>
  );
}

function BotCommands({ made }: { made: ApiNewToken }) {
  const sources = made.sources ?? ['notices'];
  const run = [
    `EKO_URL=${window.location.origin} EKO_TOKEN=${made.token} \\`,
    `  python3 bot.py --name ${quoted(made.name)} ${sources.map((source) => `--source ${source}`).join(' ')}`,
  ].join('\n');
  return (
    <>
      <Text size="sm">
        On the other machine, with docs/examples/bot.py from the project’s folder (it needs nothing but Python 3):
      </Text>
      <Copyable text={run} label="Copy the command" />
      <Text size="sm">
        The bot appears in the list as soon as it has registered. docs/bots.md tells the protocol, for bots in any
        language.
      </Text>
    </>
  );
}

function CallCommand({ token }: { token: string }) {
  const call = `curl -H 'Authorization: Bearer ${token}' ${window.location.origin}/api/sessions`;
  return (
    <>
      <Text size="sm">Programs send it with each request:</Text>
      <Copyable text={call} label="Copy the command" />
    </>
  );
}

/** In single quotes for a shell, whatever is in it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <Stack gap={4} align="flex-start">
      <Code block w="100%" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {text}
      </Code>
      <CopyText value={text}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="default" onClick={copy}>
            {copied ? 'Copied' : label}
          </Button>
        )}
      </CopyText>
    </Stack>
  );
}
