'use client';

import { Button, Tooltip } from '@mantine/core';
import { IconBroadcast, IconPlayerPause, IconRefreshAlert } from '@tabler/icons-react';
import classes from './live-indicator.module.css';
import { type LiveState, useLive } from './live-provider.tsx';

const WORDS: Record<LiveState, { word: string; icon: typeof IconBroadcast; hint: string }> = {
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

export function LiveIndicator() {
  const { state, setPaused } = useLive();
  const { word, icon: Icon, hint } = WORDS[state];
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
