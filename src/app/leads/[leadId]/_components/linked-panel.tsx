'use client';

import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { DemoBadge } from '#components/demo-badge.tsx';
import { formatCount, plural } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { Panel } from '#components/panel.tsx';
import type { ApiLead, ApiLeadDetail } from '#lib/api/lead.ts';
import { leadName, leadPlace } from '../../_components/lead-name.ts';
import { roleWord } from '../../_components/lead-roles.ts';
import classes from './linked-panel.module.css';

const SHOWN_FIRST = 6;

/** The same person elsewhere. */
export function LinkedPanel({ lead }: { lead: ApiLeadDetail }) {
  const { linked } = lead;
  const [all, setAll] = useState(false);
  return (
    <Panel
      title="Same phone or e-mail"
      hint={linked.length === 0 ? undefined : plural(linked.length, 'other lead')}
      flush
    >
      {linked.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          Nobody else in your leads has this phone number or e-mail address.
        </Text>
      ) : (
        <ul className={classes.list}>
          {linked.slice(0, all ? undefined : SHOWN_FIRST).map((other) => (
            <li key={other.id}>
              <LinkedLead lead={other} why={reason(lead, other)} />
            </li>
          ))}
        </ul>
      )}
      {!all && linked.length > SHOWN_FIRST && (
        <Button variant="subtle" size="compact-sm" m="xs" onClick={() => setAll(true)}>
          Show all {formatCount(linked.length)}
        </Button>
      )}
    </Panel>
  );
}

function LinkedLead({ lead, why }: { lead: ApiLead; why: string }) {
  return (
    <>
      <Group gap={6}>
        <PageLink href={`/leads/${lead.id}`} size="sm" fw={550}>
          {leadName(lead)}
        </PageLink>
        {lead.demo && <DemoBadge />}
        <Text size="xs" c="dimmed">
          {why}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {[roleWord(lead.role), leadPlace(lead), lead.request].filter(Boolean).join(' · ')}
      </Text>
    </>
  );
}

function reason(lead: ApiLead, other: ApiLead): string {
  const phone = lead.phone !== null && lead.phone === other.phone;
  const email = lead.email !== null && lead.email === other.email;
  if (phone && email) return 'same phone and e-mail';
  return phone ? 'same phone' : 'same e-mail';
}
