'use client';

import { Box, Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileImport, IconPlus, IconRoute } from '@tabler/icons-react';
import { useState } from 'react';
import { useProxies } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { FilterInput } from '#components/filter-input.tsx';
import { morePages, OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { StateFilter } from '#components/state-filter.tsx';
import { PROXY_WORDS } from '#components/state-words.ts';
import { useMayAdminister } from '#components/use-may-write.ts';
import { useProblem } from '#components/use-problem.ts';
import type { ApiProxyPage } from '#lib/api/proxy.ts';
import { PROXY_STATUSES, type ProxyStatus } from '#lib/db/schema/vocabulary.ts';
import { countAll, countsInWords } from '../state-counts.ts';
import { AddProxyDialog } from './add-proxy-dialog.tsx';
import { ImportProxiesDialog } from './import-proxies-dialog.tsx';
import { ProxyCard } from './proxy-card.tsx';
import { PROXY_COLUMNS } from './proxy-columns.tsx';

/** More than this are easier to find with filters. */
const FILTERS_FROM = 20;

type Counts = ApiProxyPage['counts'];

/** The pool of proxies: their health, and everything that people can do with them. */
export function ProxiesPanel() {
  const [status, setStatus] = useState<ProxyStatus | null>(null);
  const [text, setText] = useState<string | null>(null);
  const proxies = useProxies({ status, text });
  const problem = useProblem(proxies);
  const counts = proxies.data?.pages.at(-1)?.counts;
  const total = counts === undefined ? 0 : countAll(counts);
  const filtered = status !== null || text !== null;
  return (
    <Panel
      title="Proxies"
      hint={counts && total > 0 ? countsInWords(counts, PROXY_STATUSES, PROXY_WORDS) : undefined}
      actions={<ProxyPoolActions />}
      flush
    >
      {counts && (total > FILTERS_FROM || filtered) && (
        <ProxyFilters counts={counts} status={status} text={text} onStatus={setStatus} onText={setText} />
      )}
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={proxies.refetch} />
      ) : (
        <OpsTable
          bare
          caption="Proxies"
          noun={filtered ? 'matching proxy' : 'proxy'}
          nouns={filtered ? 'matching proxies' : 'proxies'}
          records={proxies.data?.pages.flatMap(({ items }) => items)}
          columns={PROXY_COLUMNS}
          getId={({ id }) => id}
          renderCard={(proxy) => <ProxyCard proxy={proxy} />}
          empty={filtered ? <NoMatch /> : <NoProxies />}
          stale={proxies.isPlaceholderData}
          more={morePages(proxies)}
        />
      )}
    </Panel>
  );
}

function ProxyPoolActions() {
  const mayAdd = useMayAdminister();
  const [adding, add] = useDisclosure();
  const [importing, openImport] = useDisclosure();
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={add.open}
        disabled={!mayAdd}
      >
        Add proxy
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconFileImport size={14} aria-hidden />}
        onClick={openImport.open}
        disabled={!mayAdd}
      >
        Import list
      </Button>
      <AddProxyDialog opened={adding} onClose={add.close} />
      <ImportProxiesDialog opened={importing} onClose={openImport.close} />
    </Group>
  );
}

interface ProxyFiltersProps {
  counts: Counts;
  status: ProxyStatus | null;
  text: string | null;
  onStatus: (status: ProxyStatus | null) => void;
  onText: (text: string | null) => void;
}

function ProxyFilters({ counts, status, text, onStatus, onText }: ProxyFiltersProps) {
  const choices = PROXY_STATUSES.map((state) => ({ state, word: PROXY_WORDS[state].word, count: counts[state] }));
  return (
    <Box px="md" py={8} style={{ borderBottom: '1px solid var(--eko-border)' }}>
      <Group justify="space-between" gap="xs">
        <StateFilter label="Proxies by state" choices={choices} value={status} onChange={onStatus} />
        <FilterInput label="Find a proxy" placeholder="Address or error" value={text} onChange={onText} width={200} />
      </Group>
    </Box>
  );
}

function NoMatch() {
  return (
    <EmptyPanel icon={IconRoute} title="No proxy matches">
      Choose another state, or change the text.
    </EmptyPanel>
  );
}

function NoProxies() {
  return (
    <EmptyPanel icon={IconRoute} title="No proxies, and none needed">
      Sites are asked directly, and politely. A proxy is a detour through another address, for sites that your network
      cannot reach. It makes nothing faster: the pace belongs to the site, however many proxies there are. Only sources
      that are set to use proxies take one.
    </EmptyPanel>
  );
}
