'use client';

import { Tooltip } from '@mantine/core';
import { formatAge, formatDuration, formatTime, formatUtc } from './format.ts';
import { useNow } from './use-now.ts';

/** "5 min ago"; the exact time with its zone is told on hover and on focus, and to screen readers by the `time` element. */
export function RelativeTime({ at, prefix = '' }: { at: string; prefix?: string }) {
  const now = useNow();
  const exact = formatTime(at);
  return (
    <Tooltip label={exact} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable by keyboard */}
      <time dateTime={at} tabIndex={0} suppressHydrationWarning style={{ whiteSpace: 'nowrap' }}>
        {prefix}
        {now === null ? exact : formatAge(at, now)}
      </time>
    </Tooltip>
  );
}

/** The date and the time in the reader's zone, which the server does not know: until the page has come alive, in UTC. */
export function ExactTime({ at }: { at: string }) {
  const isAlive = useNow() !== null;
  return <time dateTime={at}>{isAlive ? formatTime(at) : formatUtc(at)}</time>;
}

/** "in 3 min" until then, and `past` after it: what is due is not announced as if it had happened. */
export function UpcomingTime({ at, past }: { at: string; past: string }) {
  const now = useNow();
  return now !== null && Date.parse(at) <= now ? past : <RelativeTime at={at} />;
}

/** Time since `from`, counting on: "3 min 20 s". */
export function RunningTime({ from }: { from: string }) {
  const now = useNow();
  return <span suppressHydrationWarning>{now === null ? '' : formatDuration(now - Date.parse(from))}</span>;
}
