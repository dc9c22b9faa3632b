import { Text } from '@mantine/core';
import { formatCapped, formatMs, plural } from '#components/format.ts';
import { RelativeTime, UpcomingTime } from '#components/relative-time.tsx';
import { ResumeButton } from '#components/resume-button.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { HOST_WORDS } from '#components/state-words.ts';
import type { ApiHost } from '#lib/api/host.ts';
import { WAITING_SESSIONS_MAX } from '#lib/hosts/waiting-sessions-max.ts';

/** "12", "1,000+": from there on not all were counted. */
export const waitingInWords = ({ waitingSessions }: Pick<ApiHost, 'waitingSessions'>): string =>
  formatCapped(Math.min(waitingSessions, WAITING_SESSIONS_MAX), waitingSessions >= WAITING_SESSIONS_MAX);

/** Why the gap is as long as it is. */
export const GAP_REASONS: Record<ApiHost['gapReason'], string> = {
  source: 'as its source promises',
  crawlDelay: 'its Crawl-delay',
  slowed: 'slowed after errors',
};

export function HostStateCell({ host }: { host: ApiHost }) {
  const until = heldUntil(host);
  const reason = heldBecause(host);
  return (
    <>
      <StateLabel state={HOST_WORDS[host.state]} />
      {until !== null && (
        <Text size="xs" component="div">
          asked again <UpcomingTime at={until} past="any moment" />
        </Text>
      )}
      {reason !== null && (
        <Text size="xs" c="dimmed" lineClamp={3} title={reason} style={{ overflowWrap: 'anywhere' }}>
          {reason}
        </Text>
      )}
      <ResumeButton host={host} />
    </>
  );
}

/** When it may be asked again; null while it may. */
function heldUntil({ state, pausedUntil, backoffUntil, robots }: ApiHost): string | null {
  if (state === 'paused') return pausedUntil;
  if (state === 'backing-off') return backoffUntil;
  if (state !== 'robots-unreachable') return null;
  return robots.find(({ outcome }) => outcome === 'unreachable')?.expiresAt ?? null;
}

function heldBecause({ state, pauseReason, strikes, errorStreak }: ApiHost): string | null {
  if (state === 'paused') return pauseReason;
  if (state === 'backing-off') return strikes > 1 ? `It asked for less ${strikes} times in a row` : 'It asked for less';
  if (state === 'slowed' && errorStreak > 0) return `${plural(errorStreak, 'error')} in a row`;
  return null;
}

export function HostPace({ host: { gapMs, gapReason, maxInflight } }: { host: ApiHost }) {
  return (
    <>
      {formatMs(gapMs)}
      <Text size="xs" c="dimmed">
        {GAP_REASONS[gapReason]}
        {maxInflight > 1 && `, ${maxInflight} at once`}
      </Text>
    </>
  );
}

export function HostAnswer({ host: { lastServedAt, lastError, inFlight } }: { host: ApiHost }) {
  return (
    <>
      {lastServedAt === null ? 'none yet' : <RelativeTime at={lastServedAt} />}
      {inFlight > 0 && (
        <Text size="xs" c="dimmed">
          {plural(inFlight, 'request')} under way
        </Text>
      )}
      {lastError !== null && (
        <Text size="xs" c="dimmed" lineClamp={2} title={lastError} style={{ overflowWrap: 'anywhere' }}>
          last error: {lastError}
        </Text>
      )}
    </>
  );
}
