import { formatBytes, formatClock, formatMs, formatTime } from '#components/format.ts';
import type { OpsColumn } from '#components/ops-table.tsx';
import type { ApiSessionRequest } from '#lib/api/session.ts';
import { RequestTarget, RequestVerdict } from './request-facts.tsx';

export function requestColumns(sessionId: number): OpsColumn<ApiSessionRequest>[] {
  return [
    { key: 'at', title: 'Time', width: 88, render: ({ at }) => <RequestTime at={at} /> },
    { key: 'url', title: 'Request', render: (request) => <RequestTarget request={request} /> },
    {
      key: 'verdict',
      title: 'Verdict',
      width: 260,
      render: (request) => <RequestVerdict request={request} sessionId={sessionId} />,
    },
    { key: 'status', title: 'Status', width: 68, align: 'right', render: ({ status }) => status ?? '–' },
    { key: 'took', title: 'Took', width: 76, align: 'right', render: ({ durationMs }) => formatMs(durationMs) },
    {
      key: 'bytes',
      title: 'Size',
      width: 84,
      align: 'right',
      hiddenBelow: 62,
      render: ({ wireBytes }) => formatBytes(wireBytes),
    },
  ];
}

export function RequestTime({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatTime(at)} suppressHydrationWarning>
      {formatClock(at)}
    </time>
  );
}
