'use client';

import { Stack } from '@mantine/core';
import { useSummary } from '#components/api/queries.ts';
import { formatCount, plural } from '#components/format.ts';
import { PageHeader } from '#components/page-header.tsx';
import { DemoNotice } from './demo-notice.tsx';
import { ExportMenu } from './export-menu.tsx';
import { LeadFilterBar } from './lead-filter-bar.tsx';
import { LeadsTable } from './leads-table.tsx';

export function LeadsBoard() {
  const counts = useSummary().data?.leads;
  const hint =
    counts === undefined
      ? 'People and businesses worth contacting.'
      : `${plural(counts.total, 'lead')}, ${formatCount(counts.newLast24h)} new in the last 24 hours.`;
  return (
    <>
      <PageHeader title="Leads" hint={hint} actions={<ExportMenu />} />
      <Stack gap="sm">
        {counts !== undefined && counts.demo > 0 && <DemoNotice count={counts.demo} />}
        <LeadFilterBar />
        <LeadsTable />
      </Stack>
    </>
  );
}
