'use client';

import { Button } from '@mantine/core';
import { IconArrowUp, IconFilterOff, IconRefresh, IconUsersGroup } from '@tabler/icons-react';
import Link from 'next/link';
import { useLeads } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { morePages, OpsTable } from '#components/ops-table.tsx';
import { PageLink } from '#components/page-link.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { useProblem } from '#components/use-problem.ts';
import { LeadCard } from './lead-card.tsx';
import { LEAD_COLUMNS } from './lead-columns.tsx';
import { useLeadFilters } from './use-lead-filters.ts';
import { useNewerLeads } from './use-newer-leads.ts';

export function LeadsTable() {
  const { filters, clear, isFiltered } = useLeadFilters();
  const leads = useLeads(filters);
  const problem = useProblem(leads);
  const reading = useNewerLeads(filters, leads);
  if (problem !== null) return <QueryProblem error={problem} onRetry={leads.refetch} />;
  const records = leads.data?.pages.flatMap(({ items }) => items);
  return (
    <div {...reading.handlers}>
      {reading.change !== null && <ShowChange change={reading.change} show={() => leads.refetch()} />}
      <OpsTable
        caption="Leads, newest first"
        noun="lead"
        records={records}
        columns={LEAD_COLUMNS}
        getId={({ id }) => id}
        renderCard={(lead) => <LeadCard lead={lead} />}
        empty={isFiltered ? <NoMatch clear={clear} /> : <NothingYet />}
        stale={leads.isPlaceholderData}
        more={morePages(leads)}
      />
    </div>
  );
}

const CHANGES = {
  newer: { words: 'Newer leads have come in: show them', icon: IconArrowUp },
  removed: { words: 'Leads of this list were removed: show those that are there', icon: IconRefresh },
};

function ShowChange({ change, show }: { change: keyof typeof CHANGES; show: () => void }) {
  const { words, icon: Icon } = CHANGES[change];
  return (
    <Button
      fullWidth
      variant="light"
      size="compact-md"
      mb="xs"
      leftSection={<Icon size={15} aria-hidden />}
      onClick={show}
    >
      {words}
    </Button>
  );
}

function NothingYet() {
  return (
    <EmptyPanel
      icon={IconUsersGroup}
      title="No leads yet"
      action={
        <Button component={Link} href="/scraping" size="sm">
          Start a scrape
        </Button>
      }
    >
      Leads appear here while a scrape is running.
    </EmptyPanel>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <EmptyPanel
      icon={IconFilterOff}
      title="No lead matches"
      action={
        <Button variant="default" size="sm" onClick={clear}>
          Clear filters
        </Button>
      }
    >
      No lead has all of this. A running scrape may still find some: see <PageLink href="/scraping">Scraping</PageLink>.
    </EmptyPanel>
  );
}
