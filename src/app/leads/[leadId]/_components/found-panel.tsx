'use client';

import { Text } from '@mantine/core';
import { usePortals } from '#components/api/queries.ts';
import { FactList } from '#components/fact-list.tsx';
import { plural } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { Panel } from '#components/panel.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { ExternalLink } from '#components/safe-link.tsx';
import { useSourceLabel } from '#components/use-source-label.ts';
import type { ApiLeadDetail } from '#lib/api/lead.ts';

export function FoundPanel({ lead }: { lead: ApiLeadDetail }) {
  const labelOf = useSourceLabel();
  const portal = usePortals().data?.items.find(({ id }) => id === lead.portal)?.name ?? lead.portal;
  return (
    <Panel title="Where it was found">
      <FactList
        facts={[
          { label: 'Source', value: labelOf(lead.source) },
          { label: 'Portal', value: portal },
          { label: 'Asked for', value: lead.location },
          {
            label: 'Row',
            value: (
              <Text span size="sm" ff="monospace">
                {lead.sourceRowId}
              </Text>
            ),
          },
          {
            label: 'Page',
            value: lead.sourceUrl && (
              <ExternalLink href={lead.sourceUrl} size="sm">
                Open the source
              </ExternalLink>
            ),
          },
          { label: 'First seen', value: <RelativeTime at={lead.firstSeenAt} /> },
          {
            label: 'Last seen',
            value: (
              <>
                <RelativeTime at={lead.lastSeenAt} />, seen {plural(lead.seenCount, 'time')}
              </>
            ),
          },
          {
            label: 'Session',
            value: (
              <PageLink href={`/scraping/${lead.sessionId}`} size="sm">
                #{lead.sessionId}, which found it first
              </PageLink>
            ),
          },
        ]}
      />
    </Panel>
  );
}
