'use client';

import { Box, Group } from '@mantine/core';
import { IconWorld } from '@tabler/icons-react';
import { useQueryState } from 'nuqs';
import { useState } from 'react';
import { useHosts } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { FilterInput } from '#components/filter-input.tsx';
import { morePages, OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { StateFilter } from '#components/state-filter.tsx';
import { HOST_WORDS } from '#components/state-words.ts';
import { useProblem } from '#components/use-problem.ts';
import type { ApiHostPage } from '#lib/api/host.ts';
import { HOST_STATES, type HostState } from '#lib/hosts/host-state.ts';
import { countAll, countsInWords } from '../state-counts.ts';
import { HostCard } from './host-card.tsx';
import { hostColumns } from './host-columns.tsx';
import { HostDialog } from './host-dialog.tsx';

/** More than this are easier to find with filters. */
const FILTERS_FROM = 20;

/** The sites that are asked: how slowly and why, which of them may not be asked now, and what their robots.txt said. */
export function HostsPanel() {
  const [state, setState] = useState<HostState | null>(null);
  const [text, setText] = useState<string | null>(null);
  /** In the address, so that a link to one host can be sent. */
  const [opened, open] = useQueryState('host', { history: 'push' });
  const hosts = useHosts({ state, text });
  const problem = useProblem(hosts);
  const counts = hosts.data?.pages.at(-1)?.counts;
  const total = counts === undefined ? 0 : countAll(counts);
  const filtered = state !== null || text !== null;
  return (
    <Panel title="Hosts" hint={counts && total > 0 ? countsInWords(counts, HOST_STATES, HOST_WORDS) : undefined} flush>
      {counts && (total > FILTERS_FROM || filtered) && (
        <HostFilters counts={counts} state={state} text={text} onState={setState} onText={setText} />
      )}
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={hosts.refetch} />
      ) : (
        <OpsTable
          bare
          caption="Hosts, those that may not be asked first"
          noun={filtered ? 'matching host' : 'host'}
          records={hosts.data?.pages.flatMap(({ items }) => items)}
          columns={hostColumns(open)}
          getId={({ hostKey }) => hostKey}
          renderCard={(host) => <HostCard host={host} onOpen={() => open(host.hostKey)} />}
          empty={<NoHosts filtered={filtered} />}
          stale={hosts.isPlaceholderData}
          more={morePages(hosts)}
        />
      )}
      <HostDialog hostKey={opened} onClose={() => open(null)} />
    </Panel>
  );
}

interface HostFiltersProps {
  counts: ApiHostPage['counts'];
  state: HostState | null;
  text: string | null;
  onState: (state: HostState | null) => void;
  onText: (text: string | null) => void;
}

function HostFilters({ counts, state, text, onState, onText }: HostFiltersProps) {
  const choices = HOST_STATES.map((word) => ({ state: word, word: HOST_WORDS[word].word, count: counts[word] }));
  return (
    <Box px="md" py={8} style={{ borderBottom: '1px solid var(--eko-border)' }}>
      <Group justify="space-between" gap="xs">
        <StateFilter label="Hosts by state" choices={choices} value={state} onChange={onState} />
        <FilterInput label="Find a host" placeholder="Part of its name" value={text} onChange={onText} width={200} />
      </Group>
    </Box>
  );
}

function NoHosts({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyPanel icon={IconWorld} title="No host matches">
        Choose another state, or change the text.
      </EmptyPanel>
    );
  }
  return (
    <EmptyPanel icon={IconWorld} title="No site has been asked yet">
      With the first scrape, each site is listed here: how slowly it is asked and why, and what its robots.txt says.
    </EmptyPanel>
  );
}
