import { Button, Group, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { formatCount, plural } from '#components/format.ts';
import type { ApiProxyImport } from '#lib/api/proxy.ts';

/** More are counted, not listed. */
const PROBLEMS_SHOWN = 200;

export interface ImportReportProps {
  result: ApiProxyImport;
  onAgain: () => void;
  onClose: () => void;
}

/** What became of a list: how many were added, and which lines were not understood. */
export function ImportReport({ result: { added, known, problems }, onAgain, onClose }: ImportReportProps) {
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {added === 0 ? 'Nothing was added' : `${plural(added, 'proxy', 'proxies')} added`}
        {known > 0 && `, ${formatCount(known)} known already`}
        {problems.length > 0 && `, ${plural(problems.length, 'line')} not understood`}.
        {added > 0 && ' Each is used as soon as it has passed its tests.'}
      </Text>
      {problems.length > 0 && <ProblemTable problems={problems} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onAgain}>
          Import more
        </Button>
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}

function ProblemTable({ problems }: Pick<ApiProxyImport, 'problems'>) {
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  return (
    <ScrollArea.Autosize mah={280} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': 'Lines with problems' }}>
      <Table fz="sm" aria-label="Lines that were not understood">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={64} ta="right">
              Line
            </Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map(({ line, problem }) => (
            <Table.Tr key={line}>
              <Table.Td ta="right">{formatCount(line)}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{problem}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {problems.length > shown.length && (
        <Text size="xs" c="dimmed" p="xs">
          and {formatCount(problems.length - shown.length)} more
        </Text>
      )}
    </ScrollArea.Autosize>
  );
}
