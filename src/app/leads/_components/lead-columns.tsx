import { Group, Text } from '@mantine/core';
import { DemoBadge } from '#components/demo-badge.tsx';
import { formatDollars, formatPhone } from '#components/format.ts';
import type { OpsColumn } from '#components/ops-table.tsx';
import { PageLink } from '#components/page-link.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import { ContactLink } from '#components/safe-link.tsx';
import { SignalChip } from '#components/signals.tsx';
import type { ApiLead } from '#lib/api/lead.ts';
import { leadName, leadPlace } from './lead-name.ts';
import { roleWord } from './lead-roles.ts';

export const LEAD_COLUMNS: OpsColumn<ApiLead>[] = [
  { key: 'name', title: 'Who', width: 190, render: (lead) => <WhoCell lead={lead} /> },
  { key: 'contact', title: 'Contact', width: 222, render: (lead) => <ContactCell lead={lead} /> },
  { key: 'request', title: 'Request', render: (lead) => <RequestCell lead={lead} /> },
  { key: 'place', title: 'Place', width: 176, hiddenBelow: 62, render: (lead) => leadPlace(lead) || <Missing /> },
  {
    key: 'value',
    title: 'Value',
    width: 120,
    align: 'right',
    hiddenBelow: 75,
    render: ({ value }) => (value === null ? <Missing /> : formatDollars(value)),
  },
  {
    key: 'seen',
    title: 'First seen',
    width: 104,
    hiddenBelow: 75,
    render: ({ firstSeenAt }) => <RelativeTime at={firstSeenAt} />,
  },
];

function Missing() {
  return (
    <Text span c="dimmed" size="sm" aria-label="not known">
      –
    </Text>
  );
}

function WhoCell({ lead }: { lead: ApiLead }) {
  const name = leadName(lead);
  const company = lead.company === name ? null : lead.company;
  return (
    <>
      <PageLink href={`/leads/${lead.id}`} fw={550} size="sm">
        {name}
      </PageLink>
      <Group gap={6}>
        {lead.demo && <DemoBadge />}
        <Text size="xs" c="dimmed">
          {[roleWord(lead.role), company].filter((part) => part !== null).join(', ')}
        </Text>
      </Group>
    </>
  );
}

export function ContactCell({ lead: { phone, phoneExtension, email } }: { lead: ApiLead }) {
  if (phone === null && email === null) return <Missing />;
  return (
    <>
      {phone !== null && (
        <div>
          <ContactLink href={`tel:${phone}`} size="sm">
            {formatPhone(phone, phoneExtension)}
          </ContactLink>
        </div>
      )}
      {email !== null && (
        <Text size="sm" truncate title={email}>
          <ContactLink href={`mailto:${email}`} size="sm">
            {email}
          </ContactLink>
        </Text>
      )}
    </>
  );
}

/** What is wanted: the signal at a glance, then the permit's own words. */
function RequestCell({ lead: { signal, request } }: { lead: ApiLead }) {
  if (signal === null && request === null) return <Missing />;
  return (
    <>
      {signal !== null && <SignalChip signal={signal} />}
      {request !== null && (
        <Text size="sm" lineClamp={2} title={request}>
          {request}
        </Text>
      )}
    </>
  );
}
