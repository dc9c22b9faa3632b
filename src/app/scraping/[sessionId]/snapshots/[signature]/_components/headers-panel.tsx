import { Table, Text } from '@mantine/core';
import { plural } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { showControls } from './show-controls.ts';
import classes from './snapshot.module.css';

/** The headers of the answer, as text. */
export function HeadersPanel({ headers }: { headers: Record<string, string> }) {
  const entries = Object.entries(headers).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Panel title="Headers" hint={plural(entries.length, 'header')} flush>
      {entries.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          None were kept.
        </Text>
      ) : (
        <Table fz="xs" verticalSpacing={4} horizontalSpacing="md" aria-label="Headers" className={classes.table}>
          <Table.Tbody>
            {entries.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row">{name}</Table.Th>
                <Table.Td>{showControls(value)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}
