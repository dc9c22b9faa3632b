'use client';

import { Group, Select, Tabs, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useSources, useSummary } from '#components/api/queries.ts';
import { FilterInput } from '#components/filter-input.tsx';
import { FilterPill } from '#components/filter-pill.tsx';
import { formatCapped } from '#components/format.ts';
import { SESSION_WORDS } from '#components/state-words.ts';
import type { ApiSummary } from '#lib/api/worker.ts';
import { SESSION_STATUSES, type SessionStatus } from '#lib/db/schema/vocabulary.ts';
import { useSessionFilters } from './use-session-filters.ts';

const ALL = 'all';

/** State tabs with their counts, the other filters beside them, and the table as the panel of the chosen tab. */
export function SessionFilters({ children }: { children: ReactNode }) {
  const { filters, setFilters } = useSessionFilters();
  const summary = useSummary().data;
  const current = filters.status ?? ALL;
  const choose = (tab: string | null) => setFilters({ status: SESSION_STATUSES.find((word) => word === tab) ?? null });
  return (
    <Tabs value={current} onChange={choose} variant="default" keepMounted={false}>
      <Group justify="space-between" gap="xs" mb="xs" align="flex-end">
        <Tabs.List aria-label="Sessions by state" style={{ flexWrap: 'wrap' }}>
          <Tabs.Tab value={ALL} px="sm" py={8}>
            All
          </Tabs.Tab>
          {SESSION_STATUSES.map((status) => (
            <Tabs.Tab
              key={status}
              value={status}
              px="sm"
              py={8}
              rightSection={<TabCount summary={summary} status={status} />}
            >
              {SESSION_WORDS[status].word}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Group gap="xs">
          <LocationFilter />
          <SourceFilter />
        </Group>
      </Group>
      {filters.batchId !== null && (
        <Group mb="xs">
          <FilterPill
            label={`Started together: batch ${filters.batchId.slice(0, 8)}`}
            onClear={() => setFilters({ batchId: null })}
          />
        </Group>
      )}
      <Tabs.Panel value={current}>{children}</Tabs.Panel>
    </Tabs>
  );
}

function TabCount({ summary, status }: { summary: ApiSummary | undefined; status: SessionStatus }) {
  return (
    <Text span size="xs" c="dimmed" miw={8} style={{ fontVariantNumeric: 'tabular-nums' }}>
      {summary && formatCapped(summary.sessions[status], summary.capped.includes(status))}
    </Text>
  );
}

function LocationFilter() {
  const { filters, setFilters } = useSessionFilters();
  return (
    <FilterInput
      label="Filter by location"
      placeholder="Location"
      value={filters.location}
      onChange={(location) => setFilters({ location })}
      width={160}
    />
  );
}

function SourceFilter() {
  const { filters, setFilters } = useSessionFilters();
  const sources = useSources().data?.items ?? [];
  if (sources.length < 2 && filters.source === null) return null;
  return (
    <Select
      aria-label="Filter by source"
      placeholder="Any source"
      size="sm"
      w={170}
      clearable
      clearButtonProps={{ 'aria-label': 'Clear the source filter' }}
      data={sources.map(({ source, label }) => ({ value: source, label }))}
      value={filters.source}
      onChange={(source) => setFilters({ source })}
    />
  );
}
