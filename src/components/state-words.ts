import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconClockPause,
  IconClockX,
  IconEyeglass,
  IconHandStop,
  IconHourglassHigh,
  IconLoader2,
  IconMinus,
  IconMoodSad,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugX,
  IconRefresh,
  IconSnowflake,
  IconTestPipe,
} from '@tabler/icons-react';
import type { SessionPart } from '#lib/db/schema/scraping-sessions.ts';
import type { AttemptOutcome, ProxyStatus, SessionStatus, WorkerStatus } from '#lib/db/schema/vocabulary.ts';

/** What a state looks like: always a word with an icon, the color only underlines it. */
export interface StateWord {
  word: string;
  icon: typeof IconClock;
  tone: 'good' | 'info' | 'warn' | 'bad' | 'quiet';
  /** The icon turns while the state lasts (not for people who asked for less motion). */
  spins?: boolean;
}

export const SESSION_WORDS: Record<SessionStatus, StateWord> = {
  pending: { word: 'Waiting', icon: IconClock, tone: 'quiet' },
  running: { word: 'Running', icon: IconLoader2, tone: 'info', spins: true },
  completed: { word: 'Completed', icon: IconCircleCheck, tone: 'good' },
  failed: { word: 'Failed', icon: IconCircleX, tone: 'bad' },
  cancelled: { word: 'Cancelled', icon: IconBan, tone: 'quiet' },
};

export const CANCELLING: StateWord = { word: 'Cancelling', icon: IconHandStop, tone: 'warn' };
export const SLEEPING: StateWord = { word: 'Waiting', icon: IconClockPause, tone: 'quiet' };

export const OUTCOME_WORDS: Record<AttemptOutcome, StateWord> = {
  completed: { word: 'Completed', icon: IconCircleCheck, tone: 'good' },
  retry: { word: 'Failed, will retry', icon: IconRefresh, tone: 'warn' },
  failed: { word: 'Failed', icon: IconCircleX, tone: 'bad' },
  timed_out: { word: 'Ran out of time', icon: IconClockX, tone: 'bad' },
  crashed: { word: 'Worker died', icon: IconMoodSad, tone: 'bad' },
  snoozed: { word: 'Paused to be polite', icon: IconClockPause, tone: 'quiet' },
  interrupted: { word: 'Handed back', icon: IconPlayerStop, tone: 'quiet' },
  lost: { word: 'Lost contact', icon: IconPlugX, tone: 'warn' },
  cancelled: { word: 'Cancelled', icon: IconBan, tone: 'quiet' },
};

export const PART_WORDS: Record<SessionPart['state'], StateWord> = {
  waiting: { word: 'Waiting', icon: IconClock, tone: 'quiet' },
  reading: { word: 'Reading', icon: IconEyeglass, tone: 'info' },
  done: { word: 'Done', icon: IconCircleCheck, tone: 'good' },
  failed: { word: 'Failed', icon: IconCircleX, tone: 'bad' },
  skipped: { word: 'Skipped', icon: IconMinus, tone: 'quiet' },
};

export const WORKER_WORDS: Record<WorkerStatus, StateWord> = {
  starting: { word: 'Starting', icon: IconHourglassHigh, tone: 'quiet' },
  idle: { word: 'Idle', icon: IconCircleDashed, tone: 'good' },
  running: { word: 'Running', icon: IconPlayerPlay, tone: 'info' },
  draining: { word: 'Finishing', icon: IconHandStop, tone: 'warn' },
  stopped: { word: 'Stopped', icon: IconPlayerStop, tone: 'quiet' },
  crashed: { word: 'Crashed', icon: IconAlertTriangle, tone: 'bad' },
};

export const PROXY_WORDS: Record<ProxyStatus, StateWord> = {
  testing: { word: 'Testing', icon: IconTestPipe, tone: 'quiet' },
  active: { word: 'Active', icon: IconCircleCheck, tone: 'good' },
  cooling: { word: 'Cooling down', icon: IconSnowflake, tone: 'info' },
  failed: { word: 'Failed', icon: IconCircleX, tone: 'bad' },
  disabled: { word: 'Disabled', icon: IconBan, tone: 'quiet' },
};
