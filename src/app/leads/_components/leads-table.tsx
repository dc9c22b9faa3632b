'use client';

import { Button } from '@mantine/core';
import { IconFilterOff, IconUsersGroup } from '@tabler/icons-react';
import Link from 'next/link';
import { useLeads } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { OpsTable } from '#components/ops-table.tsx';
import { PageLink } from '#components/page-link.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { LeadCard } from './lead-card.tsx';
import { LEAD_COLUMNS } from './lead-columns.tsx';
import { useLeadFilters } from './use-lead-filters.ts';

export function LeadsTable() {
  const { filters, clear, isFiltered } = useLeadFilters();
  const leads = useLeads(filters);
  if (leads.error !== null && leads.data === undefined)
    return <QueryProblem error={leads.error} onRetry={leads.refetch} />;
  return (
    <OpsTable
      caption="Leads, newest first"
      noun="lead"
      records={leads.data?.pages.flatMap(({ items }) => items)}
      columns={LEAD_COLUMNS}
      getId={({ id }) => id}
      renderCard={(lead) => <LeadCard lead={lead} />}
      empty={isFiltered ? <NoMatch clear={clear} /> : <NothingYet />}
      stale={leads.isPlaceholderData}
      more={{ hasMore: leads.hasNextPage, loading: leads.isFetchingNextPage, load: () => leads.fetchNextPage() }}
    />
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
