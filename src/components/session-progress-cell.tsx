import { Progress, Text } from '@mantine/core';
import type { ApiSession } from '#lib/api/session.ts';
import { RelativeTime } from './relative-time.tsx';
import { progressPercent, sessionPhrase } from './session-phrase.ts';

/** A phrase, and a bar where the end is known. */
export function SessionProgressCell({ session }: { session: ApiSession }) {
  const percent = session.status === 'running' ? progressPercent(session) : null;
  const phrase = sessionPhrase(session);
  return (
    <div style={{ minWidth: 0 }}>
      <NextTry session={session} />
      <Text size="sm" lineClamp={2} title={phrase} {...(session.status === 'failed' ? { c: 'var(--eko-bad)' } : {})}>
        {phrase}
      </Text>
      {percent !== null && (
        <Progress value={percent} size={5} mt={4} aria-label={`${percent}% of ${session.location} done`} />
      )}
    </div>
  );
}

function NextTry({ session: { status, wakeAt, retryCount } }: { session: ApiSession }) {
  if (status !== 'pending' || wakeAt === null) return null;
  return (
    <div>
      {retryCount > 0 ? 'Next try ' : 'Goes on '}
      <RelativeTime at={wakeAt} />
    </div>
  );
}
