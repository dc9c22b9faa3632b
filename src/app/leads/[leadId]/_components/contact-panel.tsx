'use client';

import { Button, Group, Stack, Text } from '@mantine/core';
import { IconMail, IconPhone } from '@tabler/icons-react';
import { FactList } from '#components/fact-list.tsx';
import { formatDollars, formatPhone } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { ContactLink, safeHref } from '#components/safe-link.tsx';
import type { ApiLeadDetail } from '#lib/api/lead.ts';
import { leadPlace } from '../../_components/lead-name.ts';
import { roleWord } from '../../_components/lead-roles.ts';

export function ContactPanel({ lead }: { lead: ApiLeadDetail }) {
  const { phone, phoneExtension, email } = lead;
  return (
    <Panel title="Contact">
      <Stack gap="md">
        <ContactButtons phone={phone} email={email} />
        <FactList
          facts={[
            { label: 'Name', value: lead.name },
            { label: 'Company', value: lead.company },
            { label: 'Role', value: roleWord(lead.role) },
            {
              label: 'Phone',
              value: phone && (
                <ContactLink href={`tel:${phone}`} size="sm">
                  {formatPhone(phone, phoneExtension)}
                </ContactLink>
              ),
            },
            {
              label: 'E-mail',
              value: email && (
                <ContactLink href={`mailto:${email}`} size="sm">
                  {email}
                </ContactLink>
              ),
            },
            { label: 'Address', value: leadPlace(lead) },
            { label: 'Request', value: lead.request },
            { label: 'Value', value: lead.value === null ? null : formatDollars(lead.value) },
          ]}
        />
      </Stack>
    </Panel>
  );
}

function ContactButtons({ phone, email }: { phone: string | null; email: string | null }) {
  const call = phone === null ? null : safeHref(`tel:${phone}`);
  const write = email === null ? null : safeHref(`mailto:${email}`);
  if (call === null && write === null) {
    return (
      <Text size="sm" c="dimmed">
        The source gives no phone and no e-mail address, only the place.
      </Text>
    );
  }
  return (
    <Group gap="xs">
      {call !== null && (
        <Button component="a" href={call} size="sm" leftSection={<IconPhone size={16} aria-hidden />}>
          Call
        </Button>
      )}
      {write !== null && (
        <Button
          component="a"
          href={write}
          size="sm"
          variant={call === null ? 'filled' : 'default'}
          leftSection={<IconMail size={16} aria-hidden />}
        >
          Write
        </Button>
      )}
    </Group>
  );
}
