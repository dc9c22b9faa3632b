'use client';

import { Code, Group, Text } from '@mantine/core';
import { FactList } from '#components/fact-list.tsx';
import { formatCount } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { Panel } from '#components/panel.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { isSignal, SignalChip } from '#components/signals.tsx';
import type { ApiSessionDetail } from '#lib/api/session.ts';

/** What was asked for. */
export function RequestPanel({ session }: { session: ApiSessionDetail }) {
  const { signal, since, maxRows, ...others } = session.params;
  return (
    <Panel title="Asked for">
      <FactList
        facts={[
          { label: 'Looking for', value: <Signals choice={signal} /> },
          { label: 'Since', value: typeof since === 'string' ? since : 'what is new since the last run' },
          { label: 'At most', value: typeof maxRows === 'number' ? `${formatCount(maxRows)} rows` : null },
          { label: 'Priority', value: String(session.priority) },
          { label: 'Asked', value: <RelativeTime at={session.createdAt} /> },
          { label: 'Batch', value: <BatchLink batchId={session.batchId} /> },
          {
            label: 'Must end',
            value: session.status === 'running' && session.timeoutAt && <RelativeTime at={session.timeoutAt} />,
          },
          { label: 'Other', value: Object.keys(others).length === 0 ? null : <OtherParams params={others} /> },
        ]}
      />
    </Panel>
  );
}

function BatchLink({ batchId }: { batchId: string }) {
  return (
    <PageLink href={`/scraping?batchId=${batchId}`} size="sm">
      {batchId.slice(0, 8)}
    </PageLink>
  );
}

function OtherParams({ params }: { params: Record<string, unknown> }) {
  return (
    <Code block fz="xs">
      {JSON.stringify(params, null, 2)}
    </Code>
  );
}

function Signals({ choice }: { choice: unknown }) {
  const signals = (Array.isArray(choice) ? choice : [choice]).filter(isSignal);
  if (signals.length === 0) return <Text size="sm">every permit</Text>;
  return (
    <Group gap={4}>
      {signals.map((signal) => (
        <SignalChip key={signal} signal={signal} />
      ))}
    </Group>
  );
}
