'use client';

import { Text, Timeline } from '@mantine/core';
import { formatBytes, formatCount, formatDuration, plural } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { RelativeTime, RunningTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { OUTCOME_WORDS, SESSION_WORDS } from '#components/state-words.ts';
import type { ApiAttempt, ApiSessionDetail } from '#lib/api/session.ts';

export function AttemptsPanel({ session }: { session: ApiSessionDetail }) {
  const running = session.status === 'running';
  const used = `${session.retryCount} of ${session.maxRetries} retries used`;
  if (!running && session.attempts.length === 0) {
    return (
      <Panel title="Attempts" hint={used}>
        <Text size="sm" c="dimmed">
          {session.status === 'pending' ? 'No worker has taken it yet.' : 'None is on record.'}
        </Text>
      </Panel>
    );
  }
  return (
    <Panel title="Attempts" hint={used}>
      <Timeline bulletSize={10} lineWidth={2} color="gray">
        {running && session.startedAt !== null && (
          <Timeline.Item title={<StateLabel state={SESSION_WORDS.running} strong />}>
            <Text size="xs" c="dimmed" component="div">
              for <RunningTime from={session.startedAt} />
              {session.workerId === null ? '' : ` on ${session.workerId}`}
            </Text>
          </Timeline.Item>
        )}
        {session.attempts.map((attempt) => (
          <Timeline.Item key={attempt.id} title={<StateLabel state={OUTCOME_WORDS[attempt.outcome]} strong />}>
            <AttemptFacts attempt={attempt} />
          </Timeline.Item>
        ))}
      </Timeline>
    </Panel>
  );
}

function AttemptFacts({ attempt }: { attempt: ApiAttempt }) {
  return (
    <Text size="xs" c="dimmed" component="div">
      <RelativeTime at={attempt.endedAt} />, took {formatDuration(attempt.durationMs)}
      <div>
        {plural(attempt.requestsMade, 'request')}
        {attempt.requestsFailed > 0 && `, ${formatCount(attempt.requestsFailed)} failed`} ·{' '}
        {formatBytes(attempt.bytesReceived)}
        {' · '}
        {plural(attempt.leadsFound, 'lead')} ({formatCount(attempt.leadsNew)} new)
      </div>
      {attempt.workerId !== null && <div>on {attempt.workerId}</div>}
      {attempt.proxyUsed !== null && <div>through proxy {attempt.proxyUsed}</div>}
      {attempt.error !== null && (
        <Text size="xs" c="var(--eko-bad)" lineClamp={3} title={attempt.error.message}>
          {attempt.error.message}
        </Text>
      )}
    </Text>
  );
}
