'use client';

import { Button, Group, Switch, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { formatCount, plural } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import type { ApiLogLine, ApiSessionDetail } from '#lib/api/session.ts';
import { LOG_LEVELS, type LogLevel } from '#lib/db/schema/vocabulary.ts';
import { downloadLog } from './download-log.ts';
import { LogLevelSelect } from './log-level-select.tsx';
import { LogList } from './log-list.tsx';
import { useSessionLog } from './use-session-log.ts';

export function LogPanel({ session }: { session: ApiSessionDetail }) {
  const log = useSessionLog(session.id);
  const [level, setLevel] = useState<LogLevel>('info');
  const [follow, setFollow] = useState(true);
  const lines = atLeast(log.data ?? [], level);
  const hidden = (log.data?.length ?? 0) - lines.length;
  return (
    <Panel
      title="Log"
      hint={
        hidden > 0
          ? `${plural(lines.length, 'line')}, ${formatCount(hidden)} less important hidden`
          : plural(lines.length, 'line')
      }
      flush
      actions={
        <Group gap="sm">
          <Switch
            size="sm"
            label="Follow"
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
          <LogLevelSelect level={level} onChange={setLevel} />
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={14} aria-hidden />}
            onClick={() => downloadLog(session.id)}
          >
            Download
          </Button>
        </Group>
      }
    >
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {emptyWords(session, log.data?.length ?? 0)}
        </Text>
      ) : (
        <LogList lines={lines} follow={follow} onScrolledUp={() => setFollow(false)} />
      )}
    </Panel>
  );
}

function atLeast(lines: readonly ApiLogLine[], level: LogLevel): readonly ApiLogLine[] {
  const lowest = LOG_LEVELS.indexOf(level);
  return lowest === 0 ? lines : lines.filter((line) => LOG_LEVELS.indexOf(line.level) >= lowest);
}

function emptyWords({ status, waitingAhead }: ApiSessionDetail, lineCount: number): string {
  if (lineCount > 0) return 'Nothing at this level. Choose a lower one to see more.';
  if (status !== 'pending') return 'Nothing was logged yet.';
  const ahead = waitingAhead ?? 0;
  return ahead === 0
    ? 'Waiting for a worker; its log appears here.'
    : `Waiting for a worker, ${formatCount(ahead)} ahead.`;
}
