'use client';

import { SimpleGrid } from '@mantine/core';
import { useSummary } from '#components/api/queries.ts';
import { formatCapped, formatCount, formatDuration } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import type { ApiSummary } from '#lib/api/worker.ts';
import { Figure } from './figure.tsx';

/** The few numbers that say whether things go well. */
export function FiguresRow() {
  const summary = useSummary().data;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
      <Figure label="Workers alive">{summary && formatCount(summary.workers.total)}</Figure>
      <Figure label="Of them working">{summary && formatCount(summary.workers.running)}</Figure>
      <Figure label="Sessions waiting">{summary && <WaitingCount summary={summary} />}</Figure>
      <Figure label="Longest wait">{summary && longestWait(summary)}</Figure>
    </SimpleGrid>
  );
}

function WaitingCount({ summary: { queue } }: { summary: ApiSummary }) {
  if (queue.waiting === 0) return '0';
  return (
    <PageLink href="/scraping?status=pending" inherit>
      {formatCapped(queue.waiting, queue.capped)}
    </PageLink>
  );
}

function longestWait({ queue: { waiting, oldestWaitingMs } }: ApiSummary): string {
  return oldestWaitingMs === null || waiting === 0 ? 'none' : formatDuration(oldestWaitingMs);
}
