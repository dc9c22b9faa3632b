'use client';

import { Button, Group, Switch, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { formatCount, plural } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { aheadInWords } from '#components/session-phrase.ts';
import type { ApiLogLine, ApiSessionDetail } from '#lib/api/session.ts';
import { LOG_LEVELS, type LogLevel } from '#lib/db/schema/vocabulary.ts';
import { downloadLog } from './download-log.ts';
import { LogLevelSelect } from './log-level-select.tsx';
import { LogList } from './log-list.tsx';
import { LINES_MAX, useSessionLog } from './use-session-log.ts';

export function LogPanel({ session }: { session: ApiSessionDetail }) {
  const { log, loadEarlier, isLoadingEarlier } = useSessionLog(session.id);
  const [level, setLevel] = useState<LogLevel>('info');
  const [follow, setFollow] = useState(true);
  const loaded = log?.lines ?? [];
  const lines = atLeast(loaded, level);
  return (
    <Panel
      title="Log"
      hint={countInWords(lines.length, loaded.length - lines.length, log?.hasEarlier === true)}
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
      {log?.hasEarlier === true && (
        <EarlierLines canLoad={loaded.length < LINES_MAX} isLoading={isLoadingEarlier} load={loadEarlier} />
      )}
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {emptyWords(session, loaded.length)}
        </Text>
      ) : (
        <LogList lines={lines} follow={follow} onScrolledUp={() => setFollow(false)} />
      )}
    </Panel>
  );
}

/** "the last 150 lines, 50 less important hidden" */
function countInWords(shown: number, hidden: number, hasEarlier: boolean): string {
  const lines = `${hasEarlier ? 'the last ' : ''}${plural(shown, 'line')}`;
  return hidden > 0 ? `${lines}, ${formatCount(hidden)} less important hidden` : lines;
}

function EarlierLines({ canLoad, isLoading, load }: { canLoad: boolean; isLoading: boolean; load: () => void }) {
  return (
    <Group px="md" py={6} gap="xs" style={{ borderBottom: '1px solid var(--eko-border)' }}>
      {canLoad ? (
        <Button size="compact-xs" variant="default" onClick={load} loading={isLoading}>
          Load earlier lines
        </Button>
      ) : (
        <Text size="xs" c="dimmed">
          Earlier lines are in the file to download.
        </Text>
      )}
    </Group>
  );
}

function atLeast(lines: readonly ApiLogLine[], level: LogLevel): readonly ApiLogLine[] {
  const lowest = LOG_LEVELS.indexOf(level);
  return lowest === 0 ? lines : lines.filter((line) => LOG_LEVELS.indexOf(line.level) >= lowest);
}

function emptyWords({ status, waitingAhead }: ApiSessionDetail, lineCount: number): string {
  if (lineCount > 0) return 'Nothing at this level. Choose a lower one to see more.';
  if (status === 'running') return 'Nothing was logged yet.';
  if (status !== 'pending') return 'Nothing was logged, or so long ago that it is forgotten.';
  const ahead = aheadInWords(waitingAhead ?? 0);
  return ahead === null ? 'Waiting for a worker; its log appears here.' : `Waiting for a worker, ${ahead}.`;
}
