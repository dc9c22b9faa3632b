'use client';

import { Code, Text } from '@mantine/core';
import { FactList } from '#components/fact-list.tsx';
import { Panel } from '#components/panel.tsx';
import { ExactTime } from '#components/relative-time.tsx';
import { ExternalLink } from '#components/safe-link.tsx';
import type { ApiLeadDetail } from '#lib/api/lead.ts';
import type { FieldProvenance, LeadField } from '#lib/leads/lead.ts';
import classes from './provenance-panel.module.css';

const FIELD_WORDS: Record<LeadField, string> = {
  name: 'Name',
  company: 'Company',
  role: 'Role',
  email: 'E-mail',
  phone: 'Phone',
  request: 'Request',
  address: 'Address',
  city: 'City',
  state: 'State',
  zip: 'ZIP',
  value: 'Value',
  signal: 'Signal',
};

const FIELDS = Object.keys(FIELD_WORDS) as LeadField[];

/** Where each field came from, so that anybody can check it. */
export function ProvenancePanel({ lead }: { lead: ApiLeadDetail }) {
  const known = FIELDS.flatMap((field) => {
    const origin = lead.provenance[field];
    return origin === undefined ? [] : [{ field, origin }];
  });
  return (
    <Panel title="Provenance" hint="where each field came from" flush>
      {known.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          The source recorded none.
        </Text>
      ) : (
        <ul className={classes.list}>
          {known.map(({ field, origin }) => (
            <li key={field}>
              <FieldOrigin field={field} value={lead[field]} origin={origin} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

interface FieldOriginProps {
  field: LeadField;
  value: string | number | null;
  origin: FieldProvenance;
}

function FieldOrigin({ field, value, origin }: FieldOriginProps) {
  return (
    <details className={classes.field}>
      <summary>
        <span className={classes.name}>{FIELD_WORDS[field]}</span>
        <span className={classes.value}>{value ?? '–'}</span>
        <Code fz="xs">{origin.rule}</Code>
      </summary>
      <div className={classes.facts}>
        <FactList
          facts={[
            { label: 'Rule', value: <Code fz="xs">{origin.rule}</Code> },
            { label: 'As written', value: origin.raw },
            { label: 'Row', value: origin.sourceRowId },
            { label: 'Fetched', value: <ExactTime at={origin.fetchedAt} /> },
            {
              label: 'Request',
              value: (
                <ExternalLink href={origin.sourceUrl} size="sm">
                  {origin.sourceUrl}
                </ExternalLink>
              ),
            },
          ]}
        />
      </div>
    </details>
  );
}
