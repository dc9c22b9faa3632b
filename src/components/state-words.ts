import {
  IconAlertTriangle,
  IconArrowForwardUp,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconClockPause,
  IconClockX,
  IconEyeglass,
  IconFileAlert,
  IconFileCheck,
  IconFileOff,
  IconHandStop,
  IconHourglassHigh,
  IconLayoutOff,
  IconLoader2,
  IconLock,
  IconMinus,
  IconMoodSad,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugX,
  IconRefresh,
  IconRouteOff,
  IconSnail,
  IconSnowflake,
  IconTestPipe,
} from '@tabler/icons-react';
import type { ApiBot } from '#lib/api/bot.ts';
import type { SessionPart } from '#lib/db/schema/scraping-sessions.ts';
import type {
  AttemptOutcome,
  ProxyStatus,
  RobotsOutcome,
  SessionStatus,
  WorkerStatus,
} from '#lib/db/schema/vocabulary.ts';
import type { HostState } from '#lib/hosts/host-state.ts';

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

export const BOT_WORDS: Record<ApiBot['state'], StateWord> = {
  running: { word: 'Running', icon: IconPlayerPlay, tone: 'info' },
  idle: { word: 'Idle', icon: IconCircleDashed, tone: 'good' },
  down: { word: 'Down', icon: IconPlugX, tone: 'bad' },
  stopped: { word: 'Stopped', icon: IconPlayerStop, tone: 'quiet' },
};

export const PROXY_WORDS: Record<ProxyStatus, StateWord> = {
  testing: { word: 'Testing', icon: IconTestPipe, tone: 'quiet' },
  active: { word: 'Active', icon: IconCircleCheck, tone: 'good' },
  cooling: { word: 'Cooling down', icon: IconSnowflake, tone: 'info' },
  failed: { word: 'Failed', icon: IconCircleX, tone: 'bad' },
  disabled: { word: 'Disabled', icon: IconBan, tone: 'quiet' },
};

export const HOST_WORDS: Record<HostState, StateWord> = {
  paused: { word: 'Paused', icon: IconPlayerPause, tone: 'bad' },
  'backing-off': { word: 'Backing off', icon: IconHourglassHigh, tone: 'warn' },
  'robots-unreachable': { word: 'robots.txt unreadable', icon: IconFileAlert, tone: 'warn' },
  slowed: { word: 'Slowed down', icon: IconSnail, tone: 'info' },
  ready: { word: 'Ready', icon: IconCircleCheck, tone: 'good' },
};

export const ROBOTS_WORDS: Record<RobotsOutcome, StateWord> = {
  rules: { word: 'Has rules', icon: IconFileCheck, tone: 'good' },
  none: { word: 'No rules', icon: IconFileOff, tone: 'quiet' },
  unreachable: { word: 'Unreadable', icon: IconFileAlert, tone: 'warn' },
};

const VERDICT_WORDS: Record<string, StateWord> = {
  done: { word: 'OK', icon: IconCircleCheck, tone: 'good' },
  'not-modified': { word: 'Unchanged', icon: IconCircleCheck, tone: 'good' },
  redirect: { word: 'Redirected', icon: IconArrowForwardUp, tone: 'quiet' },
  skipped: { word: 'Skipped', icon: IconMinus, tone: 'quiet' },
  'auth-wall': { word: 'Login page', icon: IconLock, tone: 'bad' },
  'layout-changed': { word: 'Layout changed', icon: IconLayoutOff, tone: 'bad' },
  forbidden: { word: 'Forbidden', icon: IconLock, tone: 'bad' },
  blocked: { word: 'Blocked', icon: IconBan, tone: 'bad' },
  gone: { word: 'Not there', icon: IconFileOff, tone: 'warn' },
  'request-wrong': { word: 'Request refused', icon: IconCircleX, tone: 'bad' },
  'not-yet': { word: 'Not ready yet', icon: IconClock, tone: 'info' },
  throttled: { word: 'Asked for less', icon: IconHandStop, tone: 'warn' },
  'server-error': { word: 'Server error', icon: IconAlertTriangle, tone: 'warn' },
  network: { word: 'Connection failed', icon: IconPlugX, tone: 'warn' },
  timeout: { word: 'Timed out', icon: IconClockX, tone: 'warn' },
  'dns-unavailable': { word: 'Name lookup failed', icon: IconPlugX, tone: 'warn' },
  'host-unknown': { word: 'No such host', icon: IconPlugX, tone: 'bad' },
  certificate: { word: 'Bad certificate', icon: IconLock, tone: 'bad' },
  'address-refused': { word: 'Private address', icon: IconBan, tone: 'bad' },
  unusable: { word: 'Unreadable', icon: IconFileAlert, tone: 'bad' },
  'proxy-fault': { word: 'Proxy failed', icon: IconRouteOff, tone: 'warn' },
  'proxy-refused': { word: 'Not reached by proxy', icon: IconRouteOff, tone: 'warn' },
  'proxy-auth': { word: 'Proxy login refused', icon: IconRouteOff, tone: 'bad' },
};

/** What the fetch stack made of an answer; a word that is new here is shown as it is. */
export function verdictWord(verdict: string): StateWord {
  return VERDICT_WORDS[verdict] ?? { word: verdict, icon: IconCircleDashed, tone: 'quiet' };
}
