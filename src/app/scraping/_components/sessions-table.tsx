'use client';

import { Button } from '@mantine/core';
import { IconFilterOff, IconRadar2 } from '@tabler/icons-react';
import { useSessions } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { morePages, OpsTable } from '#components/ops-table.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useProblem } from '#components/use-problem.ts';
import { useSourceLabel } from '#components/use-source-label.ts';
import { SessionCard } from './session-card.tsx';
import { sessionColumns } from './session-columns.tsx';
import { SessionFilters } from './session-filters.tsx';
import { useSessionFilters } from './use-session-filters.ts';

export function SessionsTable({ newIds }: { newIds: ReadonlySet<number> }) {
  const { filters, clear, isFiltered } = useSessionFilters();
  const sessions = useSessions(filters);
  const problem = useProblem(sessions);
  const labelOf = useSourceLabel();
  if (problem !== null) {
    return (
      // A filter may be what is wrong, so that it must stay in reach.
      <SessionFilters>
        <QueryProblem error={problem} onRetry={() => sessions.refetch()} />
      </SessionFilters>
    );
  }
  return (
    <SessionFilters>
      <OpsTable
        caption="Scraping sessions, newest first"
        noun="session"
        records={sessions.data?.pages.flatMap(({ items }) => items)}
        columns={sessionColumns(labelOf)}
        getId={({ id }) => id}
        isHighlighted={({ id }) => newIds.has(id)}
        renderCard={(session) => <SessionCard session={session} labelOf={labelOf} />}
        empty={isFiltered ? <NoMatch clear={clear} /> : <NothingYet />}
        stale={sessions.isPlaceholderData}
        more={morePages(sessions)}
      />
    </SessionFilters>
  );
}

function NothingYet() {
  return (
    <EmptyPanel icon={IconRadar2} title="Nothing has been scraped yet">
      Type <strong>Georgia</strong> above and press <strong>Start</strong>. Sessions appear here, and their leads on the
      Leads page, while they are being found.
    </EmptyPanel>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <EmptyPanel
      icon={IconFilterOff}
      title="No session matches"
      action={
        <Button variant="default" size="sm" onClick={clear}>
          Clear filters
        </Button>
      }
    >
      No session has all of this.
    </EmptyPanel>
  );
}
