'use client';

import { Group, Table, Text } from '@mantine/core';
import { DemoBadge } from '#components/demo-badge.tsx';
import { formatCount, plural } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { PART_WORDS } from '#components/state-words.ts';
import type { ApiSessionDetail, SessionPart } from '#lib/api/session.ts';
import classes from './parts-panel.module.css';

/** Progress per portal. */
export function PartsPanel({ session }: { session: ApiSessionDetail }) {
  const parts = session.progress?.parts ?? [];
  const done = parts.filter(({ state }) => state === 'done').length;
  return (
    <Panel title="Portals" hint={parts.length === 0 ? undefined : `${done} of ${parts.length} read`} flush>
      {parts.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {noPartsWords(session.status)}
        </Text>
      ) : (
        <PartsTable parts={parts} />
      )}
    </Panel>
  );
}

function noPartsWords(status: ApiSessionDetail['status']): string {
  if (status === 'pending') return 'Known as soon as a worker starts.';
  if (status === 'running') return 'The worker has not said yet which portals it reads.';
  return 'It named no portals.';
}

function PartsTable({ parts }: { parts: readonly SessionPart[] }) {
  return (
    <Table
      fz="sm"
      verticalSpacing={6}
      horizontalSpacing="md"
      className={classes.table}
      aria-label="Progress per portal"
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Portal</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th ta="right">Rows</Table.Th>
          <Table.Th ta="right">Leads</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {parts.map((part) => (
          <PartRow key={part.id} part={part} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function PartRow({ part }: { part: SessionPart }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={6}>
          {part.name}
          {part.demo === true && <DemoBadge />}
        </Group>
        {part.note !== undefined && (
          <Text
            size="xs"
            c={part.state === 'failed' ? 'var(--eko-bad)' : 'dimmed'}
            style={{ overflowWrap: 'anywhere' }}
          >
            {part.note}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <StateLabel state={PART_WORDS[part.state]} />
      </Table.Td>
      <Table.Td ta="right">
        {formatCount(part.rows)}
        <span className={classes.unit}> {plural(part.rows, 'row').replace(/^\S+ /, '')}</span>
      </Table.Td>
      <Table.Td ta="right">
        {formatCount(part.leads)}
        <span className={classes.unit}> {plural(part.leads, 'lead').replace(/^\S+ /, '')}</span>
      </Table.Td>
    </Table.Tr>
  );
}
