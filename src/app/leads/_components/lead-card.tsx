import { Group, Stack, Text } from '@mantine/core';
import { DemoBadge } from '#components/demo-badge.tsx';
import { formatDollars } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { SignalChip } from '#components/signals.tsx';
import type { ApiLead } from '#lib/api/lead.ts';
import { ContactCell } from './lead-columns.tsx';
import { leadName, leadPlace } from './lead-name.ts';
import { roleWord } from './lead-roles.ts';

/** A lead on a phone. */
export function LeadCard({ lead }: { lead: ApiLead }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <PageLink href={`/leads/${lead.id}`} fw={600} size="sm">
          {leadName(lead)}
        </PageLink>
        {lead.demo && <DemoBadge />}
      </Group>
      {(lead.phone !== null || lead.email !== null) && <ContactCell lead={lead} />}
      <Text size="sm" lineClamp={2}>
        {lead.request}
      </Text>
      <Group gap="xs">
        {lead.signal !== null && <SignalChip signal={lead.signal} />}
        <Text size="xs" c="dimmed">
          {[roleWord(lead.role), leadPlace(lead), lead.value === null ? '' : formatDollars(lead.value)]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </Group>
    </Stack>
  );
}
