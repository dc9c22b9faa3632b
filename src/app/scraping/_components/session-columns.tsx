import { Text } from '@mantine/core';
import { formatCount, plural } from '#components/format.ts';
import type { OpsColumn } from '#components/ops-table.tsx';
import { PageLink } from '#components/page-link.tsx';
import { SessionProgressCell } from '#components/session-progress-cell.tsx';
import { SessionState } from '#components/session-state.tsx';
import type { ApiSession } from '#lib/api/session.ts';
import { SessionWhen } from './session-when.tsx';

export function sessionColumns(labelOf: (source: string) => string): OpsColumn<ApiSession>[] {
  return [
    { key: 'location', title: 'Location', width: 170, render: (session) => <LocationCell session={session} /> },
    { key: 'status', title: 'State', width: 116, render: (session) => <SessionState session={session} /> },
    { key: 'source', title: 'Source', width: 144, hiddenBelow: 75, render: ({ source }) => labelOf(source) },
    { key: 'progress', title: 'Progress', render: (session) => <SessionProgressCell session={session} /> },
    {
      key: 'leads',
      title: 'Leads (new)',
      width: 128,
      align: 'right',
      render: (session) => <LeadsCell session={session} />,
    },
    {
      key: 'attempts',
      title: 'Retries',
      width: 78,
      align: 'right',
      hiddenBelow: 75,
      render: (session) => <RetriesCell session={session} />,
    },
    { key: 'when', title: 'Started', width: 124, render: (session) => <SessionWhen session={session} /> },
    {
      key: 'worker',
      title: 'Worker',
      width: 150,
      hiddenBelow: 88,
      render: ({ workerId }) => <WorkerCell workerId={workerId} />,
    },
  ];
}

function LocationCell({ session }: { session: ApiSession }) {
  return (
    <>
      <PageLink href={`/scraping/${session.id}`} fw={550} size="sm">
        {session.location}
      </PageLink>{' '}
      <Text span size="xs" c="dimmed">
        #{session.id}
      </Text>
    </>
  );
}

function LeadsCell({ session: { id, leadsFound, leadsNew } }: { session: ApiSession }) {
  if (leadsFound === 0)
    return (
      <Text span c="dimmed" size="sm">
        0
      </Text>
    );
  return (
    <PageLink
      href={`/leads?sessionId=${id}`}
      size="sm"
      aria-label={`${plural(leadsFound, 'lead')}, ${formatCount(leadsNew)} new`}
    >
      {formatCount(leadsFound)} ({formatCount(leadsNew)})
    </PageLink>
  );
}

/** Failed tries so far; the last one allowed ends the session. */
function RetriesCell({ session: { retryCount, maxRetries } }: { session: ApiSession }) {
  return (
    <span title={`${plural(retryCount, 'retry', 'retries')} used of ${maxRetries}`}>
      {retryCount}/{maxRetries}
    </span>
  );
}

function WorkerCell({ workerId }: { workerId: string | null }) {
  return workerId === null ? (
    <Text span c="dimmed" size="sm">
      –
    </Text>
  ) : (
    <Text span size="xs" ff="monospace">
      {workerId}
    </Text>
  );
}
