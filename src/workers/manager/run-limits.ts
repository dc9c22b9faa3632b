/** When a run of workers ends by itself. All pure; times in ms of one monotonic clock. */

export interface RunLimits {
  /** `once`: as much as the workers can run at once. `drained`: until nothing waits any more. `stopped`: until a limit or a person. */
  until: 'stopped' | 'once' | 'drained';
  /** Tries that may be made; a session that fails and is tried again has several. */
  maxWork: number | null;
  /** Looks in a row that found nothing. */
  maxFailures: number | null;
  /** Time without a session; a look must have found nothing after it, unless the machine claims nothing anyway. */
  maxIdleMs: number | null;
}

/** What a look into the queue found for the sources of this run. */
export interface WorkOutlook {
  /** Something could be claimed now, or is being run by our own workers. */
  isReady: boolean;
  /** Until the next waiting session may be claimed; null when none waits for its time. */
  dueInMs: number | null;
}

export type RunEvent =
  | {
      type: 'figures';
      nowMs: number;
      /** Tries that have ended. */
      processed: number;
      active: number;
      /** Why this machine claims nothing, in a few words; null while it does. */
      standstill: string | null;
      /** No worker is left, and none follows. */
      isDeserted: boolean;
    }
  | { type: 'looked'; nowMs: number; outlook: WorkOutlook };

export type StopReason = 'max-work' | 'max-failures' | 'max-idle' | 'once' | 'drained' | 'no-workers';

export type RunDecision =
  | { do: 'go-on' }
  /** Look into the queue and tell what is there. */
  | { do: 'look' }
  | { do: 'stop'; reason: StopReason; message: string };

export interface RunState {
  startedAtMs: number;
  seenAtMs: number;
  processed: number;
  active: number;
  /** When something last ran or ended. */
  workedAtMs: number;
  /** Time in which at least one session ran. */
  busyMs: number;
  emptyLooks: number;
  nextLookAtMs: number;
  isLooking: boolean;
}

/** The first wait between two looks; it doubles with every look that finds nothing. */
const LOOK_AGAIN_MS = 1_000;
const LOOK_AGAIN_MAX_MS = 60_000;

/** The longest wait before another try of a failed session: a queue is not empty before those have had theirs. */
const DRAIN_HORIZON_MS = 330_000;

const GO_ON: RunDecision = { do: 'go-on' };

export function endsByItself({ until, maxWork, maxFailures, maxIdleMs }: RunLimits): boolean {
  return until !== 'stopped' || maxWork !== null || maxFailures !== null || maxIdleMs !== null;
}

/** The first look is due at once: it needs no worker. */
export function startRun(nowMs: number): RunState {
  return {
    startedAtMs: nowMs,
    seenAtMs: nowMs,
    processed: 0,
    active: 0,
    workedAtMs: nowMs,
    busyMs: 0,
    emptyLooks: 0,
    nextLookAtMs: nowMs,
    isLooking: false,
  };
}

/** The wait after so many looks in a row that found nothing: 1, 2, 4 … 60 s. */
export function lookAgainMs(emptyLooks: number): number {
  return Math.min(LOOK_AGAIN_MS * 2 ** Math.max(0, emptyLooks - 1), LOOK_AGAIN_MAX_MS);
}

/** Takes in what happened and says what follows. */
export function stepRun(
  state: RunState,
  event: RunEvent,
  limits: RunLimits,
): { state: RunState; decision: RunDecision } {
  const next = event.type === 'figures' ? noteFigures(state, event) : noteLook(state, event);
  const stop = event.type === 'figures' ? findLimit(next, event, limits) : findEmptiness(next, event.outlook, limits);
  if (stop) return { state: next, decision: { do: 'stop', ...stop } };
  if (event.type === 'looked' || !isLookDue(next, limits)) return { state: next, decision: GO_ON };
  return { state: { ...next, isLooking: true }, decision: { do: 'look' } };
}

function noteFigures(state: RunState, { nowMs, processed, active }: RunEvent & { type: 'figures' }): RunState {
  const passedMs = nowMs - state.seenAtMs;
  const seen = {
    ...state,
    seenAtMs: nowMs,
    processed,
    active,
    busyMs: state.busyMs + (state.active > 0 ? passedMs : 0),
  };
  if (active === 0 && processed === state.processed) return seen;
  return { ...seen, workedAtMs: nowMs, emptyLooks: 0, nextLookAtMs: nowMs + LOOK_AGAIN_MS };
}

function noteLook(state: RunState, { nowMs, outlook }: RunEvent & { type: 'looked' }): RunState {
  const emptyLooks = outlook.isReady || state.active > 0 ? 0 : state.emptyLooks + 1;
  return { ...state, isLooking: false, emptyLooks, nextLookAtMs: nowMs + lookAgainMs(emptyLooks) };
}

/** Nothing is asked of the database while there is work, or when no limit needs the answer. */
function isLookDue(state: RunState, limits: RunLimits): boolean {
  if (limits.until === 'stopped' && limits.maxFailures === null && !isIdleTooLong(state, limits)) return false;
  return state.active === 0 && !state.isLooking && state.seenAtMs >= state.nextLookAtMs;
}

type Stop = { reason: StopReason; message: string };

function isIdleTooLong({ seenAtMs, workedAtMs }: RunState, { maxIdleMs }: RunLimits): boolean {
  return maxIdleMs !== null && seenAtMs - workedAtMs >= maxIdleMs;
}

function findLimit(state: RunState, event: RunEvent & { type: 'figures' }, limits: RunLimits): Stop | null {
  if (state.active > 0) return null;
  return findEnough(state, limits) ?? findHopelessness(state, event, limits);
}

function findEnough({ processed }: RunState, { maxWork, until }: RunLimits): Stop | null {
  if (maxWork !== null && processed >= maxWork) {
    if (until === 'once') return { reason: 'once', message: 'One round of work is done (--once)' };
    return { reason: 'max-work', message: `${tries(processed)} done, which is the limit (--max-work ${maxWork})` };
  }
  return null;
}

/** What no look into the queue can end. */
function findHopelessness(
  state: RunState,
  { standstill, isDeserted }: RunEvent & { type: 'figures' },
  limits: RunLimits,
): Stop | null {
  if (isDeserted && endsByItself(limits)) {
    return { reason: 'no-workers', message: 'No worker is left, and none follows (AUTO_RESTART is false)' };
  }
  const { maxIdleMs } = limits;
  if (maxIdleMs === null || standstill === null || !isIdleTooLong(state, limits)) return null;
  const hours = maxIdleMs / 3_600_000;
  const message = `Nothing was done for ${hours} h, on a machine that is ${standstill} (--max-idle-hours ${hours})`;
  return { reason: 'max-idle', message };
}

function findEmptiness(state: RunState, outlook: WorkOutlook, limits: RunLimits): Stop | null {
  const { until, maxFailures, maxIdleMs } = limits;
  if (outlook.isReady || state.active > 0) return null;
  if (until === 'once') {
    const what = state.processed === 0 ? 'Nothing is waiting' : 'Nothing more is waiting';
    return { reason: 'once', message: `${what} (--once)` };
  }
  if (until === 'drained' && (outlook.dueInMs === null || outlook.dueInMs > DRAIN_HORIZON_MS)) {
    const later =
      outlook.dueInMs === null ? '' : `; the next session is due in ${Math.ceil(outlook.dueInMs / 60_000)} min`;
    return { reason: 'drained', message: `The queue is empty${later} (--drain)` };
  }
  // Only now: while the database is away there may be much to do.
  if (maxIdleMs !== null && isIdleTooLong(state, limits)) {
    const hours = maxIdleMs / 3_600_000;
    return { reason: 'max-idle', message: `Nothing to do for ${hours} h (--max-idle-hours ${hours})` };
  }
  if (maxFailures !== null && state.emptyLooks >= maxFailures) {
    return {
      reason: 'max-failures',
      message: `Looked ${inARow(maxFailures)} and found nothing (--max-failures ${maxFailures})`,
    };
  }
  return null;
}

const inARow = (count: number) => (count === 1 ? 'once' : `${count} times in a row`);

const tries = (count: number) => (count === 1 ? '1 try' : `${count} tries`);

export interface RunStatistics {
  /** Tries of sessions, like all counts of a run. */
  processed: number;
  runtimeMs: number;
  /** Over the whole run; null in its first second. */
  perHour: number | null;
  /** Share of the runtime in which at least one session ran, 0 to 1. */
  efficiency: number;
}

export function runStatistics({ startedAtMs, seenAtMs, processed, busyMs }: RunState): RunStatistics {
  const runtimeMs = seenAtMs - startedAtMs;
  return {
    processed,
    runtimeMs,
    perHour: runtimeMs < 1_000 ? null : (processed * 3_600_000) / runtimeMs,
    efficiency: runtimeMs === 0 ? 0 : Math.min(1, busyMs / runtimeMs),
  };
}
