import { Table, Text } from '@mantine/core';
import { Panel } from '#components/panel.tsx';
import type { ApiPageSnapshot } from '#lib/api/session.ts';
import classes from './snapshot.module.css';

const signed = new Intl.NumberFormat('en-US', { signDisplay: 'exceptZero', maximumFractionDigits: 1 });

/** What spoke for the verdict, the weightiest first; what spoke against it has a negative weight. */
export function EvidencePanel({ evidence }: { evidence: ApiPageSnapshot['evidence'] }) {
  const sorted = [...evidence].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return (
    <Panel title="Evidence" hint="with its weight" flush>
      {sorted.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          The status alone decided.
        </Text>
      ) : (
        <Table fz="sm" verticalSpacing={6} horizontalSpacing="md" aria-label="Evidence" className={classes.table}>
          <Table.Tbody>
            {sorted.map(({ rule, weight, detail }) => (
              <Table.Tr key={`${rule} ${detail}`}>
                <Table.Th scope="row" className={classes.weight}>
                  {signed.format(weight)}
                </Table.Th>
                <Table.Td>
                  {rule}
                  <Text size="xs" c="dimmed">
                    {detail}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}
