'use client';

import { Breadcrumbs, Grid, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconZoomExclamation } from '@tabler/icons-react';
import { useLead } from '#components/api/queries.ts';
import { DemoBadge } from '#components/demo-badge.tsx';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { PageLink } from '#components/page-link.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { SignalChip } from '#components/signals.tsx';
import { useProblem } from '#components/use-problem.ts';
import type { ApiLeadDetail } from '#lib/api/lead.ts';
import { leadName, leadPlace } from '../../_components/lead-name.ts';
import { roleWord } from '../../_components/lead-roles.ts';
import { ContactPanel } from './contact-panel.tsx';
import { FoundPanel } from './found-panel.tsx';
import { LinkedPanel } from './linked-panel.tsx';
import { ProvenancePanel } from './provenance-panel.tsx';

export function LeadView({ id }: { id: number }) {
  const query = useLead(id);
  const problem = useProblem(query);
  const lead = query.data;
  if (lead === null) return <NoSuchLead id={id} />;
  if (lead !== undefined) return <LeadParts lead={lead} />;
  if (problem !== null) return <QueryProblem error={problem} onRetry={query.refetch} />;
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton height={56} />
      <Skeleton height={240} />
    </Stack>
  );
}

function LeadParts({ lead }: { lead: ApiLeadDetail }) {
  return (
    <>
      <LeadHeader lead={lead} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            <ContactPanel lead={lead} />
            <FoundPanel lead={lead} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="md">
            <ProvenancePanel lead={lead} />
            <LinkedPanel lead={lead} />
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

function LeadHeader({ lead }: { lead: ApiLeadDetail }) {
  const name = leadName(lead);
  const subtitle = [roleWord(lead.role), lead.company === name ? null : lead.company, leadPlace(lead)];
  return (
    <div style={{ marginBottom: 'var(--mantine-spacing-md)' }}>
      <Breadcrumbs fz="sm" mb={6} separatorMargin={6}>
        <PageLink href="/leads" size="sm">
          Leads
        </PageLink>
        <Text size="sm" c="dimmed">
          Lead {lead.id}
        </Text>
      </Breadcrumbs>
      <Group gap="sm">
        <Title order={1}>{name}</Title>
        {lead.signal !== null && <SignalChip signal={lead.signal} />}
        {lead.demo && <DemoBadge />}
      </Group>
      <Text c="dimmed" size="sm" mt={2}>
        {subtitle.filter(Boolean).join(' · ')}
      </Text>
    </div>
  );
}

function NoSuchLead({ id }: { id: number }) {
  return (
    <EmptyPanel
      isPage
      icon={IconZoomExclamation}
      title={`There is no lead ${id}`}
      action={<PageLink href="/leads">All leads</PageLink>}
    >
      It may have been removed, or the person asked not to be contacted.
    </EmptyPanel>
  );
}
