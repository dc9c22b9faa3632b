import { ActionIcon, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { CopyText } from '#components/copy-text.tsx';
import { PageLink } from '#components/page-link.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { verdictWord } from '#components/state-words.ts';
import type { ApiSessionRequest } from '#lib/api/session.ts';
import { splitUrl } from './split-url.ts';

/** Method and path; the host is dimmed, since it is mostly the same. The whole address is told on hover and can be copied. */
export function RequestTarget({ request, lines = 2 }: { request: ApiSessionRequest; lines?: number }) {
  const { method, url } = request;
  const { host, path } = splitUrl(url);
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <Text size="xs" ff="monospace" lineClamp={lines} title={url} style={{ wordBreak: 'break-all', minWidth: 0 }}>
        <strong>{method}</strong>{' '}
        <Text span inherit c="dimmed">
          {host}
        </Text>
        {path}
      </Text>
      <CopyAddress url={url} />
    </Group>
  );
}

function CopyAddress({ url }: { url: string }) {
  return (
    <CopyText value={url}>
      {({ copied, copy }) => (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={copied ? 'Copied' : 'Copy the address'}
          title={copied ? 'Copied' : 'Copy the address'}
          onClick={copy}
        >
          {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
        </ActionIcon>
      )}
    </CopyText>
  );
}

export function RequestVerdict({ request, sessionId }: { request: ApiSessionRequest; sessionId: number }) {
  const { verdict, reason, proxy, snapshotSignature } = request;
  return (
    <>
      <StateLabel state={verdictWord(verdict)} />
      {reason !== null && isTelling(request) && (
        <Text size="xs" c="dimmed" lineClamp={4} title={reason} style={{ overflowWrap: 'anywhere' }}>
          {reason}
        </Text>
      )}
      {proxy !== null && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          through {proxy}
        </Text>
      )}
      {snapshotSignature !== null && (
        <PageLink href={`/scraping/${sessionId}/snapshots/${encodeURIComponent(snapshotSignature)}`} size="xs">
          See the page
        </PageLink>
      )}
    </>
  );
}

/** "status 200" and "ok" say what stands in the columns beside it already. */
function isTelling({ reason, status, verdict }: ApiSessionRequest): boolean {
  return reason !== `status ${status}` && !(verdict === 'done' && reason === 'ok');
}
