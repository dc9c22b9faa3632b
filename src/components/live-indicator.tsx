'use client';

import { Button, Tooltip } from '@mantine/core';
import { IconBroadcast, IconPlayerPause, IconRefreshAlert } from '@tabler/icons-react';
import classes from './live-indicator.module.css';
import { type LiveState, useLive } from './live-provider.tsx';
import { useStaleReason } from './use-stale-reason.ts';

interface LiveWord {
  word: string;
  icon: typeof IconBroadcast;
  hint: string;
}

const WORDS: Record<LiveState, LiveWord> = {
  live: { word: 'Live', icon: IconBroadcast, hint: 'The page follows changes as they happen. Press to pause.' },
  reconnecting: {
    word: 'Reconnecting…',
    icon: IconRefreshAlert,
    hint: 'No live connection; the page asks again every 5 seconds. Press to pause.',
  },
  paused: {
    word: 'Paused',
    icon: IconPlayerPause,
    hint: 'The page does not change until you resume. Press to resume.',
  },
};

const partlyOld = (reason: string): LiveWord => ({
  word: 'Partly old',
  icon: IconRefreshAlert,
  hint: `Some of what you see could not be refreshed: ${reason} It is asked for again every 30 seconds. Press to pause.`,
});

export function LiveIndicator() {
  const { state, setPaused } = useLive();
  const reason = useStaleReason();
  const { word, icon: Icon, hint } = state === 'live' && reason !== null ? partlyOld(reason) : WORDS[state];
  return (
    <Tooltip label={hint} multiline w={230} events={{ hover: true, focus: true, touch: false }}>
      <Button
        variant="default"
        size="compact-md"
        radius="xl"
        fz="xs"
        role="switch"
        aria-checked={state !== 'paused'}
        aria-label={`Live updates: ${word}`}
        leftSection={<Icon size={15} aria-hidden className={classes[state]} />}
        onClick={() => setPaused(state !== 'paused')}
      >
        {word}
      </Button>
    </Tooltip>
  );
}
