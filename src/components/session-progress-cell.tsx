import { Progress, Text } from '@mantine/core';
import type { ApiSession } from '#lib/api-types.ts';
import { RelativeTime } from './relative-time.tsx';
import { progressPercent, sessionPhrase } from './session-phrase.ts';

/** A phrase, and a bar where the end is known. */
export function SessionProgressCell({ session }: { session: ApiSession }) {
  const percent = session.status === 'running' ? progressPercent(session) : null;
  return (
    <div style={{ minWidth: 0 }}>
      <Text size="sm" {...(session.status === 'failed' ? { c: 'var(--eko-bad)' } : {})} lineClamp={2} component="div">
        {sessionPhrase(session)}
        {session.status === 'pending' && session.wakeAt !== null && (
          <Text span size="sm" c="dimmed">
            {' · next try '}
            <RelativeTime at={session.wakeAt} />
          </Text>
        )}
      </Text>
      {percent !== null && (
        <Progress value={percent} size={5} mt={4} aria-label={`${percent}% of ${session.location} done`} />
      )}
    </div>
  );
}
