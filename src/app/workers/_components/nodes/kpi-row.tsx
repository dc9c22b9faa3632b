'use client';

import { SimpleGrid } from '@mantine/core';
import { formatRatio } from '#components/format.ts';
import { Figure } from '../figure.tsx';
import { useClusterStatus } from './use-cluster-status.ts';

/** How well the work goes: the rates of the last day, and how busy all workers are now. */
export function KpiRow() {
  const kpis = useClusterStatus().data?.kpis;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
      <Figure label="Sessions completed, 24 h" hint="Of the sessions that came to an end in the last 24 hours">
        {kpis && formatRatio(kpis.completionRate)}
      </Figure>
      <Figure label="Attempts succeeded, 24 h" hint="Of the attempts that had a verdict; a session may need several">
        {kpis && formatRatio(kpis.successRate)}
      </Figure>
      <Figure label="Claims kept, 24 h" hint="Of the claims, those whose worker neither died nor was lost meanwhile">
        {kpis && formatRatio(kpis.claimSuccessRate)}
      </Figure>
      <Figure label="Slots in use" hint="Of the sessions that living workers can take">
        {kpis && formatRatio(kpis.utilisation)}
      </Figure>
    </SimpleGrid>
  );
}
